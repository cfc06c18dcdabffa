"""Every number of the book: recomputed, compared with the paper, and found on its page."""

import ast
import dataclasses
import functools
import itertools
import re

import pytest

import claim_sources
import claims
import claims_on_pages
import claims_table
import prose

ROOT = claims.ROOT
CLAIMS = claims.load()
PAGES = [
    prose.read(path, ROOT)
    for path in (
        *sorted(ROOT.glob("book/*.md")),
        ROOT / "index.md",
        ROOT / "README.md",
        *sorted(ROOT.glob("teaching/slides/*.md")),
        *sorted(ROOT.glob("notebooks/*.ipynb")),
    )
]
NAMED = {page.name: page for page in PAGES}
# Numbers that were measured and kept nowhere. Let the notebook store one, and take one off.
UNRECORDED = 9

every_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@every_claim
def test_a_claim_is_recomputed(claim, book_records):
    came = claim_sources.recompute(claim)
    if came is None:  # nothing to recompute; the paper's number beside it is still compared
        came = [prose.amount(text) for text in claim.printed()]
    complaints = claims.disagreements(claim, came)
    assert not complaints, "\n".join(complaints)


@every_claim
def test_a_source_is_no_copy_of_the_value(claim):
    if claim.expression:
        body = ast.parse(claim.expression, mode="eval").body
        parts = body.elts if isinstance(body, ast.List | ast.Tuple) else [body]
        typed = [ast.unparse(part) for part in parts if isinstance(part, ast.Constant)]
        assert not typed, f"{claim.id}: {typed} is typed into the source, so it proves nothing"


@every_claim
def test_a_claim_stands_on_its_pages(claim):
    missing = [name for name in claim.pages if name not in NAMED]
    assert not missing, f"{claim.id}: no such page: {missing}"
    pages = [NAMED[name] for name in claim.pages]
    stands = functools.partial(claims_on_pages.stands, near=claim.near)
    unused = [v for v in claim.value if not any(stands(v, page) for page in pages)]
    assert not unused, f"{claim.id}: on none of {claim.pages}: {unused}. Remove it or correct it."
    empty = [p.name for p in pages if not any(stands(v, p) for v in claim.value)]
    assert not (claim.explicit and empty), f"{claim.id} does not stand on {empty}"
    idle = [
        word
        for word in claim.near
        if not any(claims_on_pages.stands(v, p, (word,)) for v in claim.value for p in pages)
    ]
    assert not idle, f"{claim.id}: no number stands beside {idle} on {claim.pages}. Remove them."


@every_claim
def test_a_glued_value_is_claimed_only_where_the_paper_has_it(claim):
    """Else the notebook computes it, and running the notebook again compares it."""
    glued = [value for value in claim.value if claims.GLUED.fullmatch(value)]
    assert claim.paper or not glued, f"{claim.id}: {glued} needs no claim. Remove it."


@every_claim
def test_a_citation_names_a_source_and_a_place(claim):
    if claim.kind == "paper":
        key, _, place = claim.source.partition(", ")
        references = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
        assert f"{{{key}," in references, f"{claim.id}: {key!r} is not in references.bib"
        assert place, f"{claim.id}: expected `{key}, Table 1` or another place"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_number_is_in_a_claim(page):
    complaints = claims_on_pages.without_claim(page, CLAIMS)
    assert not complaints, "\n".join(["Numbers without a claim:", *complaints])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_reader_predicts_is_held_by_a_claim(page):
    """The right one stands in the answer, as a claim or from the notebook that computes it."""
    for one in prose.asked(page.text):
        if "right" not in one.options:
            continue
        answer = dataclasses.replace(page, text=one.answer)
        name, held = one.options.get("name"), one.options.get("claim", "")
        glued = [f"{notebook}::{key}" for notebook, key, _ in answer.glued()]
        values = [(value, c.near) for c in CLAIMS if c.id == held for value in c.value]
        assert values or held in glued, f"{name}: expected a claim or one of {glued}: {held!r}"
        stands = [v for v, near in values if claims_on_pages.stands(v, answer, near)]
        assert stands or held in glued, f"{name}: nothing of the claim {held} is in the answer"
        if not one.choices:
            said = [n.value for value in stands for n in prose.find(value)]
            if held in glued:
                notebook, key = held.split("::")
                said = [float(claims.stored(notebook)[0][key])]
            right = one.options["right"]
            close = [value for value in said if abs(value - float(right)) <= claims.rounding(right)]
            assert close, f"{name}: {right} is said to be right, and {held} is {said}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sums_on_a_page_are_right(page):
    for formula, sides in prose.equations(page.text):
        unit = {" M": 1e6, " G": 1e9}.get(formula[-2:], 1)
        for (_, value), (printed, said) in itertools.pairwise(sides):
            slack = claims.rounding(re.sub(r"[^\d.,{}e-]", "", printed) or "0")
            right = any(abs(value / by - said) <= slack for by in (1, unit))
            assert right, f"{page.name}: {formula}: the left side comes to {value}"


def test_what_is_unrecorded_does_not_become_more():
    found = [claim.id for claim in CLAIMS if claim.kind == "unrecorded"]
    assert len(found) <= UNRECORDED, (
        f"At most {UNRECORDED} numbers may have no source. Received: {found}. Let a notebook "
        "store the new one."
    )


def test_the_table_has_a_row_for_every_claim():
    pages = {name: NAMED[name] for claim in CLAIMS for name in claim.pages}
    table = claims_table.table(CLAIMS, pages)
    assert table.count("\n* - ") == len(CLAIMS) + 1
    for part in (
        "- 3.858, 7.570, 11.282",
        "- Table 1: 3.8, 7.6, 11.3",
        "- to the paper ± 0.07",
        "{cite:t}`he2015deep`, Table 3",
        "[chapter 4](/book/04-bottleneck.md)",
    ):
        assert part in table


# --- the checks can fail -----------------------------------------------------------


def claim_of(value="36 layers", **changes):
    claim = claims.Claim("x", "A statement", (value,), "code", "36", ("page.md",), "file", False)
    return dataclasses.replace(claim, **changes)


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        ("36 layers", 36, 36.6),
        ("3.66 G", 3.664, 3.666),
        ("21,797,672 parameters", 21_797_672, 21_797_673),
        ("$= 36{,}864$", 36_864, 36_865),
        ("an epsilon of 1.001e-5", 1.001e-5, 1.002e-5),
        ("three times as many", 3, 2.9),
        ("a quarter of it", 0.25, 0.26),
        ("1/16 units", 1 / 16, 1 / 15),
    ],
)
def test_agreement_is_to_the_printed_digit(value, right, wrong):
    assert claims.disagreements(claim_of(value), right) == []
    assert "the book says" in claims.disagreements(claim_of(value), wrong)[0]


def test_a_sign_is_compared_and_counts_for_no_digit():
    assert claims.rounding("-0.6") == claims.rounding("+0.6") == claims.rounding("0.6")


@pytest.mark.parametrize(
    ("bound", "right", "wrong"),
    [("more than", 37, 36), ("less than", 35, 36), ("at least", 36, 35.9), ("at most", 36, 36.1)],
)
def test_bounds_are_compared_as_bounds(bound, right, wrong):
    assert claims.disagreements(claim_of(bound=bound), right) == []
    assert claims.disagreements(claim_of(bound=bound), wrong)


def test_a_stated_tolerance_holds_and_ends():
    about = claim_of("about 200 times", within=15, because="said as 'about'")
    assert claims.disagreements(about, 212) == []
    assert claims.disagreements(about, 216)


def test_several_numbers_and_several_wordings():
    wordings = ("8, 16 and 32 filters", "filters of 8, 16 and 32")
    three = dataclasses.replace(claim_of(), value=wordings)
    assert claims.disagreements(three, [8, 16, 32]) == []
    assert len(claims.disagreements(three, [8, 16, 31])) == 2
    assert "prints 6 numbers" in claims.disagreements(three, [8, 16])[0]


def test_the_papers_number_is_compared():
    near = claim_of("3.664 G", paper="Table 1: 3.6", tolerance=0.07)
    assert claims.disagreements(near, 3.664) == []
    far = dataclasses.replace(near, tolerance=0.05)
    assert "from the paper's 3.6" in claims.disagreements(far, 3.664)[0]
    explained = dataclasses.replace(far, disagrees="The paper rounds loosely.")
    assert claims.disagreements(explained, 3.664) == []
    outdated = dataclasses.replace(near, disagrees="The paper rounds loosely.")
    assert "out of date" in claims.disagreements(outdated, 3.664)[0]


def page_of(text):
    return prose.Page("page.md", text, tuple(f"line {i + 1}" for i in range(text.count("\n") + 1)))


def test_a_number_without_a_claim_is_named_with_its_place():
    page = page_of("A heading.\n\nIt has 36 layers. Of these 12 are new.")
    (complaint,) = claims_on_pages.without_claim(page, [claim_of()])
    assert complaint.startswith('page.md, line 3: "12" is in no claim: "Of these 12 are new."')
    assert "write a claim" in complaint
    assert len(claims_on_pages.without_claim(page, [claim_of(pages=("other.md",))])) == 2


def test_a_claim_covers_its_own_words_alone():
    page = page_of("36 layers and 36 filters; 136 layers; 36 *layers*; 36\nlayers; 36.5 layers")
    covered = {page.text[:a].count(";") for a, _ in claims_on_pages.spans(claim_of(), page)}
    assert covered == {0, 2, 3}
    assert len(claims_on_pages.without_claim(page, [claim_of()])) == 3


def test_a_number_with_words_near_it_is_covered_wherever_one_of_them_stands():
    claim = claim_of("36", near=("layers", "ResNet-34"))
    page = page_of(
        "36 layers, of *36 weighted* layers; 36 filters. 36 of all the many layers\n\n"
        "36\n\nlayers. ResNet-34 has 36, and layers it lacks. 36.5 layers, 136 layers; 36 pages"
    )
    covered = {page.text[:a].count(";") for a, _ in claims_on_pages.spans(claim, page)}
    assert covered == {0, 1}
    assert len(claims_on_pages.spans(claim, page)) == 3
    assert claims_on_pages.stands("36", page, ("resnet-34",))
    assert not claims_on_pages.stands("36", page, ("blocks",))


def test_a_glued_value_needs_no_claim_and_is_one_that_the_notebook_stores():
    page = page_of("It costs {glue:text}`../notebooks/03-resnet34.ipynb::unit:.1f` million.")
    assert claims_on_pages.without_claim(page, []) == []
    page = page_of("It costs {glue:text}`../notebooks/03-resnet34.ipynb::units:.1f` million.")
    assert 'stores no "units"' in claims_on_pages.without_claim(page, [])[0]
    claim = claim_of("03-resnet34::unit:.1f")  # where the paper has the number, too
    assert claims.disagreements(claim, 115.605504) == []
    assert claims.disagreements(claim, 115.7)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('value = "36"', "alone could mean anything"),
        ('value = "ResNet-34"', "expected a number"),
        ('value = "36 layers"\nnear = ["layers"]', "`value` is a number and nothing else"),
        ('value = "36"\nnear = ["of layers"]', "expected single words in `near`"),
        ('value = "36 layers"\nwithin = 1', "`within` needs `because`"),
        ('value = "36 layers"\npaper = "Table 1: 36"', "`paper` needs `tolerance`"),
        ('value = "36 layers"\nbound = "about"', "`bound` must be one of"),
        ('value = "36 layers"\nvalues = 1', "unknown ['values']"),
        ('value = "36 layers"\nsource.record = "1"', "`source` must be one of"),
    ],
)
def test_a_malformed_claim_is_refused(tmp_path, entry, message):
    head = 'title = "T"\npages = ["page.md"]\n[[claim]]\nid = "x"\nstatement = "S"\n'
    (tmp_path / "file.toml").write_text(f'{head}source.code = "36"\n{entry}\n')
    with pytest.raises(ValueError, match=re.escape(message)):
        claims.load(tmp_path)
    (tmp_path / "file.toml").write_text(f'{head}source.code = "36"\nvalue = "36 layers"\n')
    assert claims.load(tmp_path)[0].value == ("36 layers",)
