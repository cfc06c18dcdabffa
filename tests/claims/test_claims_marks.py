"""A corrected comma breaks no claim; another number or another word does."""

import re

import pytest

import claims
import claims_on_pages
import prose

CLAIMS = claims.load()


def stands(value, text, near=()):
    return claims_on_pages.stands(value, prose.Page("page.md", text, ("line 1",)), near)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("36 layers, 12 of them new", "It has 36 layers, 12 of them new."),
        ("36 layers, 12 of them new", "It has 36 layers 12 of them new."),
        ("36 layers of which 12 are new", "It has 36 layers, of which 12 are new."),
        ("36 layers, 12 of them new", "It has 36 layers; 12 of them new."),
        ("36 layers: 12 are new", "It has 36 layers.\nOf them? No: 36 layers. 12 are new."),
        ("has 36 layers, and 12 are new", "It has 36 layers. And 12 are new."),
        ("has 36 layers. And 12 are new", "It has 36 layers, and 12 are new."),
        ("36 layers, etc., and 12", "36 layers etc. and 12"),
        ("36 layers.", "It has 36 layers"),
        ("36 layers,", "It has 36 layers; no more."),
        ("(36 become 12.)", "Fewer (36 become 12)."),
        ("(36 become 12)", "(36 become 12.)"),
        ('36 layers are "new", 12 old', 'Its 36 layers are "new;" 12 old'),
        ("36 layers, 12 new", "36 *layers*,\n**12** new"),
        ("36 … layers, 12 new", "36 of all the layers; 12 new"),
        ("0, 32, ... 192", "pixels 0, 32, ... 192 of them"),
        ("1,000 images, 0.5 points", "for 1,000 images 0.5 points"),
        ("1.5 % less, of 36", "it is 1.5 % less: of 36"),
    ],
)
def test_a_mark_between_words_or_at_an_end_counts_for_nothing(value, text):
    assert stands(value, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("36 layers, 12 of them new", "37 layers, 12 of them new"),
        ("36 layers, 12 of them new", "36 layers, 12 of them old"),
        ("36 layers, 12 of them new", "36 layers, and 12 of them new"),
        ("36 layers, 12 new", "36 layers? 12 new"),
        ("36 layers, 12 new", "36 layers - 12 new"),
        ("1,000 images", "10,00 images"),
        ("1,000 images", "1, 000 images"),
        ("1,000 images", "1.000 images"),
        ("1,000 images", "1000 images"),
        ("8, 16 filters", "8,16 filters"),
        ("0.5 points", "05 points"),
        ("0.5 points", "0. 5 points"),
        ("0.5 points", ".05 points"),
        ("36.5 layers", "3.65 layers"),
        ("36 layers", ".36 layers"),
        ("36 layers", "0.36 layers"),
        ("of 36", "of 36.5"),
        ("of 36.", "of 36,000"),
        ("of 36 layers", "of .36 layers"),
        ("1.5 % less", "1.5 less"),
        ("1x1 layers, 36", "1 x 1 layers, 36"),
        ("three-layer nets, 36", "three layer nets, 36"),
        ("36 layers, -0.5", "36 layers, 0.5"),
    ],
)
def test_another_number_another_word_or_another_sign_counts(value, text):
    assert not stands(value, text)


def test_a_word_near_a_number_is_near_across_a_comma_and_in_one_sentence():
    assert stands("36", "It has 36, all layers.", ("layers",))
    assert stands("36", "It has 36 all layers.", ("layers",))
    for end in ".;:":
        assert not stands("36", f"It has 36{end} All layers.", ("layers",))


def test_a_number_whose_sentence_got_a_comma_is_still_in_its_claim():
    claim = claims.Claim(
        "x", "S", ("36 layers, 12 of them new.",), "code", "36", ("page.md",), "file", False
    )
    for text in ("36 layers; 12, of them new, as", "36 layers. 12 of them new"):
        page = prose.Page("page.md", text, ("line 1",))
        assert claims_on_pages.without_claim(page, [claim]) == []
    page = prose.Page("page.md", "36 layers; 13, of them new", ("line 1",))
    assert len(claims_on_pages.without_claim(page, [claim])) == 2


def test_no_claim_hangs_on_a_mark():
    """Each stands with another mark in place of its own; all were found with their own before."""
    hang, pages = [], {}
    for claim in CLAIMS:
        for value in claim.value:
            other = re.sub(r"(?<=\w)[,;:.](?= |$)", ";", value)
            if claims.GLUED.fullmatch(value) or other == value:
                continue
            for name in claim.pages:
                page = pages.get(name) or prose.read(claims.ROOT / name, claims.ROOT)
                pages[name] = page
                if claims_on_pages.stands(value, page) != claims_on_pages.stands(other, page):
                    hang.append((claim.id, value))
    assert not hang
