"""The bank as Moodle XML, one file, a category for each page of the book.

Moodle: *Question bank, Import, Moodle XML format*. Every wrong choice has its feedback, every
wrong number of a numeric question, too. The names are those of Moodle's own exports:
https://docs.moodle.org/en/Moodle_XML_format.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

import markdown

from bank import Question

BOOK = "Residual Networks"


def quiz(questions: Iterable[Question]) -> bytes:
    """The file, in UTF-8."""
    root, chapter = ET.Element("quiz"), None
    for question in questions:
        if question.chapter != chapter:
            chapter = question.chapter
            root.append(_category(question.title))
        root.append(_question(question))
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _category(title: str) -> ET.Element:
    element = ET.Element("question", type="category")
    name = title.replace("/", "//")  # Moodle's way to write a slash inside a name
    _text(element, "category", f"$course$/top/{BOOK}/{name}")
    return element


def _question(question: Question) -> ET.Element:
    element = ET.Element("question", type="numerical" if question.numeric else "multichoice")
    _text(element, "name", question.id)
    _html(element, "questiontext", question.text)
    _html(element, "generalfeedback", question.explanation)
    _value(element, "defaultgrade", "1")
    _value(element, "penalty", "0.3333333")
    _value(element, "hidden", "0")
    _value(element, "idnumber", question.id)
    if question.numeric:
        _numbers(element, question)
    else:
        _choices(element, question)
    return element


def _choices(element: ET.Element, question: Question) -> None:
    _value(element, "single", "true")
    _value(element, "shuffleanswers", "true")
    _value(element, "answernumbering", "abc")
    for text, feedback, right in question.choices():
        answer = ET.SubElement(element, "answer", fraction="100" if right else "0", format="html")
        _value(answer, "text", _as_html(text))
        # Those who were right are told why by the general feedback, which everybody gets.
        _html(answer, "feedback", "" if right else feedback)


def _numbers(element: ET.Element, question: Question) -> None:
    """The first answer that fits counts, so the right number comes first."""
    answers = [(f"{question.value:.15g}", "100", question.margin, "")]
    answers += [
        (f"{wrong.value:.15g}", "0", question.margin_of(wrong), wrong.feedback)
        for wrong in question.wrong
    ]
    answers.append(("*", "0", 0.0, f"Look again at {question.read}."))
    for value, fraction, margin, feedback in answers:
        answer = ET.SubElement(element, "answer", fraction=fraction, format="moodle_auto_format")
        _value(answer, "text", value)
        _html(answer, "feedback", feedback)
        _value(answer, "tolerance", f"{margin:.10g}")


def _value(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, name).text = value


def _text(parent: ET.Element, name: str, value: str) -> None:
    _value(ET.SubElement(parent, name), "text", value)


def _html(parent: ET.Element, name: str, value: str) -> None:
    _value(ET.SubElement(parent, name, format="html"), "text", _as_html(value) if value else "")


def _as_html(text: str) -> str:
    return markdown.markdown(text)
