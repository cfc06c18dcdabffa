"""The benchmarks: turns alternate, ratios are of pairs, and the tables say what was measured.

Nothing here asks how fast anything is.
"""

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.quick
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def contender(tmp_path, monkeypatch):
    """Makes a contender whose turns are 1, 2, 3 times a number, and which writes down its turns."""
    import pairs

    monkeypatch.setattr(pairs, "HERE", tmp_path)
    monkeypatch.setitem(pairs.PYTHONS, "book", sys.executable)
    monkeypatch.setitem(pairs.QUIET, "PYTHONPATH", str(BENCHMARKS))
    (tmp_path / "contenders").mkdir()
    (tmp_path / "contenders" / "count.py").write_text(
        "import sys, serving\nprint('a library says hello')\nturns = [0]\n"
        "def turn():\n    turns[0] += 1\n    open(sys.argv[2], 'a').write(sys.argv[1] + ' ')\n"
        "    assert sys.argv[1] != '0'\n    return float(sys.argv[1]) * turns[0]\n"
        "serving.serve(turn)\n"
    )

    def made(number, **how):
        arguments = (str(number), str(tmp_path / "turns"))
        return pairs.Contender(f"of {number}", "count", arguments, **how)

    return made


def test_contenders_take_turns_and_the_first_does_not_count(contender, tmp_path):
    import pairs

    found = pairs.alternate([contender(1), contender(10)], turns=3)
    assert found == {"of 1": [2, 3, 4], "of 10": [20, 30, 40]}
    assert (tmp_path / "turns").read_text().split() == ["1", "10", "1", "10", "10", "1", "1", "10"]
    assert pairs.ratio(found["of 10"], found["of 1"]) == 10


def test_a_fresh_contender_is_a_process_of_its_own_each_time(contender):
    import pairs

    assert pairs.alternate([contender(5, fresh=True)], turns=3) == {"of 5": [5, 5, 5]}


def test_a_contender_that_ends_is_named(contender):
    import pairs

    with pytest.raises(RuntimeError, match=r"of 0 ended \(exit status 1\) without a result"):
        pairs.alternate([contender(0)], turns=1)


def test_every_aim_is_of_a_contender_and_every_program_is_there():
    import rows

    assert len({row.name for row in rows.ROWS}) == len(rows.ROWS)
    for row in rows.ROWS:
        labels = [one.label for one in row.contenders]
        assert len(set(labels)) == len(labels) and set(row.aims) <= {"", *labels[1:]}, row.name
        assert len(row.contenders) > 1 or row.aims, row.name
        for one in row.contenders:
            assert (BENCHMARKS / "contenders" / f"{one.program}.py").is_file(), one


def test_what_was_measured_is_of_the_rows_as_they_are_and_its_ratios_are_of_its_turns():
    import pairs
    import tables

    every, files = tables.every(), tables.processors()
    assert files
    for _, measured in files:
        assert tables.title(measured)
        for name, result in measured["rows"].items():
            first, *others = result["turns"].values()
            assert list(result["turns"]) == [one.label for one in every[name].contenders]
            for ratio, other in zip(result["ratios"].values(), others, strict=True):
                less = every[name].costs
                expected = pairs.ratio(other, first) if less else pairs.ratio(first, other)
                assert ratio == pytest.approx(expected, rel=0.02)
            lines = tables.lines_of(every[name], result)
            assert lines
            if every[name].best is not None:
                means = {label: sum(turns) for label, turns in result["turns"].items()}
                fast = {label.startswith("ours"): label for label in sorted(means, key=means.get)}
                assert float(lines[0][3]) == pytest.approx(
                    means[fast[True]] / means[fast[False]], 0.1
                )


def test_the_readme_has_the_tables_and_what_a_person_wrote_above_them_stays(tmp_path, monkeypatch):
    import tables

    readme = tables.README.read_text("utf-8")
    _, start, below = readme.partition(tables.START)
    assert start and below == f"\n{tables.markdown()}", "python benchmarks/bench.py --readme"
    monkeypatch.setattr(tables, "README", tmp_path / "README.md")
    tables.README.write_text(f"Mine.\n{start}old", "utf-8")
    tables.renew()
    assert tables.README.read_text("utf-8") == f"Mine.\n{start}{below}"


def test_a_line_for_each_comparison_and_one_for_an_aim_in_seconds():
    import pairs
    import rows
    import tables

    one, two = pairs.Contender("ours", "x"), pairs.Contender("theirs", "y")
    row = rows.Row("r", "what it is", (one, two), {"": 5.0, "theirs": 1.5}, "s")
    measured = {"turns": {"ours": [1, 2, 9], "theirs": [4, 4, 4]}, "ratios": {"theirs": 2.0}}
    assert tables.lines_of(row, measured) == [
        ["what it is", "2.00 s", "", "", "5 s"],
        ["what it is", "2.00 s", "theirs, 4.00 s", "2.00", "1.5"],
    ]
