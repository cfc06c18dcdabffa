"""Drawn networks against the paper's Figure 3; what holds for every drawing."""

import io
import itertools
import re

import matplotlib.pyplot as plt
import pytest

from helpers import diagrams, specs
from pictures import all_words, arrows, assert_legible, basic, boxes, drawn_points, words


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def curves(ax):
    """Line styles of the shortcuts in a picture of networks."""
    return [arrow.get_linestyle() for arrow in arrows(ax)]


# --- networks ------------------------------------------------------------------------


def bands(ax, name):
    """{output size: texts} of one network's column, read off the heights of the texts."""
    (head,) = (t for t in ax.texts if t.get_text() == specs.titles([name])[name])
    labels = [t for t in words(ax) if t.get_ha() == "left" and t.get_text()[0].isdigit()]
    heights = {int(t.get_text()): t.get_position()[1] for t in labels}
    rows = {}
    for text in words(ax):
        x, y = text.get_position()
        if text.get_ha() != "center" or text.get_rotation() or x != head.get_position()[0]:
            continue
        if y < max(heights.values()) + 1e-6:
            size = min(size for size, top in heights.items() if y <= top + 1e-6)
            rows.setdefault(size, []).append(text.get_text())
    return rows


def drawn(*names):
    return diagrams.architectures([specs.get(name) for name in names])


STAGES = {
    56: ["3x3 pool, /2", *["3x3 conv, 64"] * 6],
    28: ["3x3 conv, 128, /2", *["3x3 conv, 128"] * 7],
    14: ["3x3 conv, 256, /2", *["3x3 conv, 256"] * 11],
    7: ["3x3 conv, 512, /2", *["3x3 conv, 512"] * 5],
}
FIGURE_3 = {
    "vgg19": {
        224: ["image", *["3x3 conv, 64"] * 2],
        112: ["2x2 pool, /2", *["3x3 conv, 128"] * 2],
        56: ["2x2 pool, /2", *["3x3 conv, 256"] * 4],
        28: ["2x2 pool, /2", *["3x3 conv, 512"] * 4],
        14: ["2x2 pool, /2", *["3x3 conv, 512"] * 4],
        7: ["2x2 pool, /2"],
        1: ["fc 4096", "fc 4096", "fc 1000"],
    },
    **{
        name: {224: ["image"], 112: ["7x7 conv, 64, /2"], **STAGES, 1: ["avg pool", "fc 1000"]}
        for name in ("plain34", "resnet34")
    },
}


@pytest.fixture(scope="module")
def figure_3():
    return drawn(*FIGURE_3)


def test_architectures_are_figure_3(figure_3):
    ax = figure_3
    assert {name: bands(ax, name) for name in FIGURE_3} == FIGURE_3
    assert len(boxes(ax)) == 19 + 34 + 34
    assert_legible(ax)


def test_the_heads_have_the_papers_numbers(figure_3):
    ax = figure_3
    printed = {"vgg19": (19.6, 143_667_240), "plain34": (3.6, 21_623_848)}
    printed["resnet34"] = (3.6, 21_797_672)  # Table 1; parameters by counting
    heads = [t for t in ax.texts if "multiply-adds" in t.get_text()]
    places = {t.get_text(): t.get_position()[0] for t in ax.texts}
    for head, (name, (work, parameters)) in zip(heads, printed.items(), strict=True):
        assert head.get_position()[0] == places[specs.titles([name])[name]]
        came = re.fullmatch(
            r"(.+) billion\nmultiply-adds\n(.+) million\nparameters", head.get_text()
        )
        assert float(came[1]) == pytest.approx(work, abs=0.07)
        assert came[2] == f"{parameters / 1e6:.1f}"


SOLID_AND_DASHED = {
    "plain34": (0, 0),
    "vgg16": (0, 0),
    "resnet18": (5, 3),
    "resnet34": (13, 3),
    "resnet50": (12, 4),
    "resnet20": (7, 2),
}


@pytest.mark.parametrize("name", SOLID_AND_DASHED)
def test_shortcuts_are_dashed_where_the_shape_changes(name):
    ax = drawn(name)
    solid, dashed = SOLID_AND_DASHED[name]
    assert sorted(curves(ax)) == ["-"] * solid + ["--"] * dashed
    assert len(boxes(ax)) == int(re.search(r"\d+", name)[0])  # the depth that it is named for
    assert_legible(ax)


def test_a_shortcut_spans_its_block():
    ax = drawn("resnet50")
    ax.figure.draw_without_rendering()
    curved = arrows(ax)
    kernels = [
        (t.get_position()[1], t.get_text()[:3]) for t in words(ax) if "conv," in t.get_text()
    ]
    spans = [[y for _, y in drawn_points(curve)] for curve in curved]
    for ys in spans:
        inside = [kernel for y, kernel in kernels if min(ys) < y < max(ys)]
        assert inside == ["1x1", "3x3", "1x1"]
    for above, below in itertools.pairwise(spans):
        assert max(below) == pytest.approx(min(above), abs=0.5)  # half an arrow's head


def test_stages_are_named_and_coloured_by_their_filters():
    ax = drawn("vgg19", "resnet34")
    names = [t.get_text() for t in ax.texts if t.get_rotation() == 90]
    vgg = [f"conv{i}_x" for i in range(1, 6)]
    assert names == [*vgg, "fc", "conv1", *vgg[1:], "fc"]
    colour_of = {}
    inside = {(t.get_position()): t.get_text() for t in ax.texts}
    for box in boxes(ax):
        middle = box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2
        (text,) = (t for place, t in inside.items() if place == pytest.approx(middle))
        if "conv" in text:
            colour_of.setdefault(text.split(", ")[1], set()).add(box.get_edgecolor())
    assert set(colour_of) == {"64", "128", "256", "512"}
    assert all(len(colours) == 1 for colours in colour_of.values())
    assert len(set.union(*colour_of.values())) == 4


def test_sizes_that_are_not_square_and_small_nets():
    spec = specs.resolve("resnet20", input_shape=(32, 24, 3))
    ax = diagrams.architectures([spec])
    left = [t.get_text() for t in words(ax) if t.get_ha() == "left"]
    assert left == ["output\nsize", "32x24", "16x12", "8x6", "1"]
    assert "269,722" in next(t for t in all_words(ax) if "parameters" in t)
    assert_legible(ax)
    with pytest.raises(ValueError, match="at least one network"):
        diagrams.architectures([])


# --- all of them ----------------------------------------------------------------------


def copied(ax):
    return diagrams.copied_layers(specs.get("plain20"), specs.get("plain56"), ax)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: diagrams.block(basic(), ax),
        lambda ax: diagrams.blocks({"one": basic(), "two": basic(128, 2)}, ax),
        lambda ax: diagrams.architectures([specs.get("resnet18")], ax),
    ],
)
def test_letters_fit_an_ax_of_any_size(draw):
    for figsize in ((4, 7), (10, 5)):
        _, axes = plt.subplots(1, 2, figsize=figsize)
        before = plt.get_fignums()
        assert draw(axes[1]) is axes[1]
        assert plt.get_fignums() == before
        assert_legible(axes[1])


@pytest.mark.parametrize(
    "draw",
    [copied, lambda ax: diagrams.block(basic(128, 2), ax), lambda ax: drawn("resnet18", "vgg16")],
)
def test_the_same_bytes_twice(draw, monkeypatch):
    monkeypatch.setitem(plt.rcParams, "svg.hashsalt", "test")
    files = []
    for _ in range(2):
        file = io.BytesIO()
        draw(None).figure.savefig(file, format="svg", metadata={"Date": None})
        files.append(file.getvalue())
    assert files[0] == files[1]


def test_a_layer_that_is_no_copy_is_an_error():
    with pytest.raises(ValueError, match="plain20 is not plain56 with more blocks"):
        diagrams.copied_layers(specs.get("plain56"), specs.get("plain20"))
