"""The gradebook as nbgrader opens it, some times for each submission: one engine, no connection."""

from nbgrader.api import Gradebook

from grading import gradebook  # noqa: F401  that makes the engines


def test_a_gradebook_that_is_opened_again_has_its_engine_again(tmp_path):
    """Else SQLAlchemy keeps what it has compiled with each: the memory grows with a course."""
    engines = set()
    for _ in range(3):
        with Gradebook(f"sqlite:///{tmp_path / 'a.db'}") as book:
            engines.add(book.engine)
    with Gradebook(f"sqlite:///{tmp_path / 'b.db'}") as other:
        assert other.engine not in engines
    assert len(engines) == 1


def test_a_gradebook_that_is_made_anew_is_not_the_old_one(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    left = Gradebook(url)  # and not closed, as by one who was interrupted
    left.add_student("ada")
    left.db.remove()
    (tmp_path / "a.db").unlink()
    with Gradebook(url) as book:
        assert book.students == []
        book.add_student("bob")
    with Gradebook(url) as book:
        assert [student.id for student in book.students] == ["bob"]
