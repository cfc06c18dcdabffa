"""Points in the tables of Moodle and Canvas: the right person's, and nobody's is dropped."""

import csv

import pytest

from grading.__main__ import main
from grading.course import CourseError
from grading.elsewhere import lms
from grading.report import write_csv

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Quiz (17),01-degradation (4711),Final Score
,,,,,,Manual Posting,
    Points Possible,,,,,10,24,(read only)
"Lovelace, Ada",101,s1,ada@example.edu,A,9,,80
"Noether, Emmy",102,s2,emmy@example.edu,A,,3,70
"O'Hara, Ann-Marie",103,s3,ann@example.edu,B,,,
"Müller, Jörg",104,s4,joerg@example.edu,B,,,
"Wu, Li",105,s5,li1@example.edu,B,,,
"Wu, Li",106,s6,li2@example.edu,B,,,
"Student, Test",999,,,A,,,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback
Participant 501,Ada Lovelace,ada@example.edu,Submitted for grading,-,24.00,-,
Participant 502,Emmy Noether,emmy@example.edu,Submitted for grading,3.00,24.00,-,"<p>Good,
go on</p>"
Participant 503,李 娜,li@example.edu,No submission,-,24.00,-,
"""


def row(student, points, status="graded", by_hand=0, assignment="01-degradation", remarks=""):
    return {
        "student": student,
        "assignment": assignment,
        "status": status,
        "points": points,
        "of": 24,
        "to grade by hand": by_hand,
        "remarks": remarks,
    }


def written(tmp_path, platform, roster, rows, **options):
    """The table as it goes back, who is left over, and what is said."""
    write_csv(tmp_path / "grades.csv", rows, [])
    (tmp_path / "roster.csv").write_bytes(roster.encode("utf-8-sig"))
    out = tmp_path / f"{platform}.csv"
    said = lms.write(tmp_path / "grades.csv", tmp_path / "roster.csv", platform, out, **options)
    return table(out), table(tmp_path / f"{platform}-left-over.csv"), "\n".join(said)


def table(path, delimiter=","):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_canvas_gets_its_columns_and_the_points(tmp_path):
    rows = [
        row("lovelaceada_101_9001", 20),
        row("noetheremmy_102_9002", 23.5),
        row("muellerjoerg_104_9003", 0),
    ]
    found, left, said = written(tmp_path, "canvas", CANVAS, rows)
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01-degradation (4711)"]
    assert found[:2] == [header, ["    Points Possible", "", "", "", "", "24"]]
    assert found[2] == ["Lovelace, Ada", "101", "s1", "ada@example.edu", "A", "20"]
    points = {line[1]: line[-1] for line in found[2:]}
    assert points == {"101": "20", "102": "23.5", "103": "", "104": "0", "105": "", "106": ""}
    assert {line[0] for line in left[1:]} == {"O'Hara, Ann-Marie", "Wu, Li"}
    assert "3 grades of 3" in said and "3 of the roster without a grade" in said
    first = (tmp_path / "canvas.csv").read_bytes()[:7]
    assert first == b"Student", "Canvas takes a mark of the encoding for part of the name"


def test_nobody_is_dropped_and_nobody_guessed(tmp_path):
    rows = [
        row("lovelaceada_777_9001", 20),  # Ada's name with a number that is nobody's
        row("Li Wu", 12),  # there are two
        row("Ann-Marie O'Hara", 11),
        row("emmy@example.edu", 13),
        row("=cmd", 10),
        row("noether_102_9", 9),  # Emmy again
        row("muellerjoerg_104_9003", 0, status="broken", remarks="the file is empty"),
    ]
    found, left, said = written(tmp_path, "canvas", CANVAS, rows)
    points = {line[1]: line[-1] for line in found[2:]}
    assert points == {"101": "", "102": "3", "103": "11", "104": "", "105": "", "106": ""}
    why = {line[0]: (line[1], line[2]) for line in left[1:]}
    assert why["lovelaceada_777_9001"] == ("20", "nobody of the roster")
    assert why["Li Wu"] == ("12", "fits 2 people of the roster")
    assert why["emmy@example.edu"] == ("13", "one of several for Noether, Emmy")
    assert why["noether_102_9"] == ("9", "one of several for Noether, Emmy")
    assert why["'=cmd"] == ("10", "nobody of the roster")
    assert why["muellerjoerg_104_9003"] == ("0", "broken: the file is empty")
    assert why["Lovelace, Ada"] == ("", "in the roster, without a grade")
    for name in ("lovelaceada_777_9001", "Li Wu", "noether_102_9", "muellerjoerg_104_9003"):
        assert f"not in it: {name}" in said


def test_canvas_in_a_country_of_commas_and_without_the_assignment(tmp_path):
    roster = CANVAS.replace("01-degradation (4711)", "Essay (5)")
    roster = roster.replace(", ", "\0").replace(",", ";").replace("\0", ", ")
    rows = [row("lovelaceada_101_9001", 20, by_hand=4)]
    _, _, said = written(tmp_path, "canvas", roster, rows)
    found = table(tmp_path / "canvas.csv", ";")
    assert found[0][-1] == "01-degradation"
    assert found[2] == ["Lovelace, Ada", "101", "s1", "ada@example.edu", "A", "20"]
    assert "ask whether to make it" in said
    assert "1 still lack the written answer's points" in said


def test_moodles_worksheet_comes_back_with_grades_and_nothing_else_changed(tmp_path):
    rows = [
        row("Ada Lovelace_501_assignsubmission_file_", 20),
        row("李 娜_503_assignsubmission_file_", 22),
        row("Ada Lovelace_999_assignsubmission_file_", 1),
    ]
    found, left, said = written(tmp_path, "moodle", MOODLE, rows)
    before = list(csv.reader(MOODLE.splitlines(keepends=True)))
    assert found[0] == before[0]
    assert [line[4] for line in found[1:]] == ["20", "3.00", "22"]
    assert [line[:4] + line[5:] for line in found] == [line[:4] + line[5:] for line in before]
    assert ["Ada Lovelace_999_assignsubmission_file_", "1", "nobody of the roster"] in left
    assert "2 grades of 3" in said and "maximum" not in said
    _, _, said = written(tmp_path, "moodle", MOODLE.replace("24.00", "100.00"), rows)
    assert "the platform's maximum is 100, these grades are of 24" in said


def test_moodles_participants_are_known_by_name_or_address(tmp_path):
    roster = "First name,Last name,Email address\nAda,Lovelace,a@example.edu\nLi,Na,l@example.edu\n"
    rows = [row("Ada Lovelace_501_assignsubmission_file_", 20), row("L@example.edu", 22)]
    found, left, said = written(tmp_path, "moodle", roster, rows)
    assert found == [
        ["First name", "Last name", "Email address", "01-degradation"],
        ["Ada", "Lovelace", "a@example.edu", "20"],
        ["Li", "Na", "l@example.edu", "22"],
    ]
    assert len(left) == 1 and "2 grades of 2" in said


def test_a_table_of_another_kind_is_refused(tmp_path):
    good = [row("ada", 1)]
    with pytest.raises(CourseError, match=r"columns of Canvas's export.*It has: Name, Punkte"):
        written(tmp_path, "canvas", "Name,Punkte\nAda,3\n", good)
    with pytest.raises(CourseError, match="It has: nothing"):
        written(tmp_path, "moodle", "", good)
    two = [row("ada", 1), row("ada", 2, assignment="02-identity-shortcuts")]
    with pytest.raises(CourseError, match="choose one, --assignment 01-degradation"):
        written(tmp_path, "moodle", MOODLE, two)
    both = CANVAS.replace("Quiz", "01-degradation, old")
    with pytest.raises(CourseError, match="--column"):
        written(tmp_path, "canvas", both.replace("01-degradation, old", "Old 01-degradation"), good)
    (tmp_path / "roster.csv").write_bytes("Müller".encode("latin-1"))
    with pytest.raises(CourseError, match="UTF-8"):
        lms.write(tmp_path / "grades.csv", tmp_path / "roster.csv", "moodle", tmp_path / "x.csv")
    with pytest.raises(CourseError, match="as `make grade` writes it"):
        lms.write(tmp_path / "roster.csv", tmp_path / "roster.csv", "moodle", tmp_path / "x.csv")


def test_the_command(tmp_path, capsys):
    written(tmp_path, "moodle", MOODLE, [row("Ada Lovelace_501_assignsubmission_file_", 20)])
    command = ["lms", str(tmp_path), "--as", "moodle", "--roster"]
    assert main([*command, str(tmp_path / "roster.csv")]) == 0
    assert "1 grades of 1" in capsys.readouterr().out
    assert main([*command, str(tmp_path / "no.csv")]) == 1
    assert "exported by moodle" in capsys.readouterr().err
