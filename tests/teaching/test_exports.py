"""What Moodle and Canvas are given: well-formed, whole, and with one right answer each."""

import html
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from itertools import groupby

import markdown
import pytest

import canvas
import moodle

QTI = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}


def words(text):
    """The text without tags and entities, its quotation marks straight: what a reader reads."""
    plain = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    return re.sub(
        "[\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]", '"', plain
    ).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def read(text):
    """The same of a text of the bank."""
    return words(markdown.markdown(text))


@pytest.fixture(scope="module")
def in_moodle(questions):
    root = ET.fromstring(moodle.quiz(questions))
    assert root.tag == "quiz"
    return root


@pytest.fixture(scope="module")
def in_canvas(questions):
    """Each page's package: its questions, the files in it, and its items by their title."""
    packages = []
    for _, of_page in groupby(questions, lambda question: question.chapter):
        of_page = list(of_page)
        with zipfile.ZipFile(io.BytesIO(canvas.package(of_page))) as file:
            files = {name: file.read(name) for name in file.namelist() if name.endswith(".xml")}
        (assessment,) = (
            data
            for name, data in files.items()
            if not name.endswith(("imsmanifest.xml", "assessment_meta.xml"))
        )
        items = {
            item.get("title"): item for item in ET.fromstring(assessment).iterfind(".//q:item", QTI)
        }
        packages.append((of_page, files, items))
    return packages


# --- Moodle ------------------------------------------------------------------------


def test_moodle_gets_all_questions_in_their_categories(questions, in_moodle):
    kinds = [element.get("type") for element in in_moodle]
    assert kinds.count("category") == len({q.chapter for q in questions})
    assert kinds.count("numerical") == sum(q.numeric for q in questions)
    assert kinds.count("multichoice") == sum(not q.numeric for q in questions)
    numbers = [e.findtext("idnumber") for e in in_moodle if e.get("type") != "category"]
    assert numbers == [q.id for q in questions]
    assert all(
        e.findtext("category/text").startswith("$course$/top/")
        for e in in_moodle
        if e.get("type") == "category"
    )


def moodle_answers(in_moodle, question):
    (element,) = (e for e in in_moodle if e.findtext("idnumber") == question.id)
    return element, element.findall("answer")


def test_moodle_marks_one_choice_as_right(questions, in_moodle):
    for question in (q for q in questions if not q.numeric):
        element, answers = moodle_answers(in_moodle, question)
        assert words(element.findtext("questiontext/text")) == read(question.text)
        shown = {words(a.findtext("text")): a for a in answers}
        right = [text for text, a in shown.items() if a.get("fraction") == "100"]
        assert right == [read(question.right)]
        for wrong in question.wrong:
            answer = shown[read(wrong.text)]
            assert answer.get("fraction") == "0"
            assert words(answer.findtext("feedback/text")) == read(wrong.feedback)
        assert element.findtext("single") == "true"
        assert read(question.explanation) == words(element.findtext("generalfeedback/text"))


def test_moodle_takes_the_number_and_explains_the_wrong_ones(questions, in_moodle):
    """Moodle takes the first answer that fits, and `*` where no number does."""

    def marked(answers, typed):
        for answer in answers:
            value, margin = answer.findtext("text"), float(answer.findtext("tolerance"))
            if value == "*" or abs(float(value) - typed) <= margin + 1e-9:
                return answer
        raise AssertionError("No answer fits")

    for question in (q for q in questions if q.numeric):
        _, answers = moodle_answers(in_moodle, question)
        assert marked(answers, question.value).get("fraction") == "100"
        outside = question.value + 2 * question.margin + 0.5
        assert marked(answers, outside).get("fraction") == "0"
        for wrong in question.wrong:
            answer = marked(answers, wrong.value)
            assert answer.get("fraction") == "0"
            assert words(answer.findtext("feedback/text")) == read(wrong.feedback)
        assert answers[-1].findtext("text") == "*"


def test_moodle_has_only_the_elements_that_it_knows(in_moodle):
    known = "category name questiontext generalfeedback defaultgrade penalty hidden idnumber "
    known += "single shuffleanswers answernumbering answer text feedback tolerance question quiz"
    assert {element.tag for element in in_moodle.iter()} <= set(known.split())
    formats = {e.get("format") for e in in_moodle.iter() if e.get("format")}
    assert formats == {"html", "moodle_auto_format"}


# --- Canvas ------------------------------------------------------------------------


def test_canvas_gets_all_questions(questions, in_canvas):
    assert [title for _, _, items in in_canvas for title in items] == [q.id for q in questions]
    for _, files, _ in in_canvas:
        assert "imsmanifest.xml" in files
        assert any(name.endswith("assessment_meta.xml") for name in files)
        for data in files.values():
            ET.fromstring(data)


def test_every_file_that_a_package_names_is_in_it(in_canvas):
    for _, files, _ in in_canvas:
        named = re.findall(r'href="([^"]+\.xml)"', files["imsmanifest.xml"].decode())
        assert named and set(named) <= set(files)


def condition(item, test):
    """The one condition of an item that gives the points."""
    scored = [
        c for c in item.iterfind(".//q:respcondition", QTI) if c.find("q:setvar", QTI) is not None
    ]
    assert len(scored) == 1, test
    assert scored[0].findtext("q:setvar", None, QTI) == "100"
    return scored[0].find("q:conditionvar", QTI)


def feedback(item):
    """The feedback of an item by its name."""
    return {
        f.get("ident"): words(f.findtext(".//q:mattext", None, QTI))
        for f in item.iterfind("q:itemfeedback", QTI)
    }


def test_canvas_marks_one_choice_as_right_and_explains_the_others(in_canvas):
    for question, item in ((q, items[q.id]) for of, _, items in in_canvas for q in of):
        if question.numeric:
            continue
        labels = {
            label.get("ident"): words(label.findtext(".//q:mattext", None, QTI))
            for label in item.iterfind(".//q:response_label", QTI)
        }
        (right,) = (v.text for v in condition(item, question.id).iterfind("q:varequal", QTI))
        assert labels[right] == read(question.right)
        said = feedback(item)
        for wrong in question.wrong:
            (ident,) = (i for i, text in labels.items() if text == read(wrong.text))
            assert said[f"{ident}_fb"] == read(wrong.feedback)
        assert said["correct_fb"] == read(question.explanation)


def test_canvas_takes_the_number_within_its_tolerance(in_canvas):
    for question, item in ((q, items[q.id]) for of, _, items in in_canvas for q in of):
        if not question.numeric:
            continue
        scored = condition(item, question.id)
        least = float(scored.findtext(".//q:vargte", None, QTI))
        most = float(scored.findtext(".//q:varlte", None, QTI))
        assert least == pytest.approx(question.value - question.margin, abs=1e-4)
        assert most == pytest.approx(question.value + question.margin, abs=1e-4)
        said = feedback(item)["general_incorrect_fb"]
        assert all(read(wrong.feedback) in said for wrong in question.wrong)
        assert not any(least <= wrong.value <= most for wrong in question.wrong)


def test_every_feedback_that_is_shown_exists(in_canvas):
    for item in (item for _, _, items in in_canvas for item in items.values()):
        linked = {e.get("linkrefid") for e in item.iterfind(".//q:displayfeedback", QTI)}
        assert linked == set(feedback(item))
