"""The course plans: minutes that add up, and questions that are in the bank."""

import re
import tomllib

import claim_files
import claims

ROOT = claims.ROOT
PAGE = (ROOT / "book" / "course-plans.md").read_text("utf-8")


def test_every_meeting_of_both_courses_has_a_plan_of_the_whole_time():
    plans = claim_files.plans()
    meetings = re.findall(r"^### ", PAGE, re.MULTILINE)
    course = r"\{list-table\} (?:\w+ weeks, \w+ meetings|Two meetings more, .*?)\n.*?\n```"
    overviews = re.findall(course, PAGE, re.DOTALL)
    rows = [len(re.findall(r"^\* - \d+$", table, re.MULTILINE)) for table in overviews]
    assert rows == [4, 8, 2]
    assert len(plans) == len(meetings) == sum(rows)
    stated = int(re.search(r"A meeting is (\d+) minutes", PAGE)[1])
    assert [sum(plan) for plan in plans] == [stated] * len(plans)
    assert all(len(plan) >= 4 and min(plan) >= 5 for plan in plans)


def test_every_meeting_says_what_students_can_do_afterwards():
    for meeting in PAGE.split("\n### ")[1:]:
        outcomes = re.search(r"Afterwards students can\n\n((?:- .*\n)+)", meeting)
        assert outcomes and 2 <= outcomes[1].count("- ") <= 4, meeting.split("\n")[0]


def test_the_questions_that_it_names_are_in_the_bank():
    files = (ROOT / "teaching" / "questions").glob("*.toml")
    known = {q["id"] for f in files for q in tomllib.loads(f.read_text("utf-8"))["question"]}
    assignments = {path.name for path in (ROOT / "assignments" / "source").iterdir()}
    named = set(re.findall(r"`((?:\d\d|errors|causes|repair)-[a-z0-9-]+)`", PAGE))
    assert len(named & known) > 20
    assert named <= known | assignments, named - known - assignments
