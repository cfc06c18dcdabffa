"""The picture of growth and error: where the points lie, and that no name covers anything."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import specs
from helpers.plots import scatter
from helpers.studies import causes

RESIDUAL = [name for name, what in causes.INTERVENTIONS.items() if what.residual]


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def made_up(seeds=3):
    """Several nets at the same growth, as those whose training alone is changed."""
    growths = {"plain20": 11, "resnet20": 3, "resnet56": 9, "leaky0.5": 5, "leaky0.8": 2}
    growths |= {"dirac": 50, "dirac-scaled": 0.7, "halved": 500, "zero-gamma": 0.4, "skipinit": 0.4}
    rng = np.random.default_rng(0)
    return [
        {
            "intervention": name,
            "seed": seed,
            "growth": growths.get(name, 2000) * 1.2**seed,
            "training error": min(90, 8 * (i % 6) + 40 * rng.random()),
        }
        for i, name in enumerate(causes.INTERVENTIONS)
        for seed in range(seeds)
    ]


def names_of(ax):
    return [text for text in ax.texts if text.get_text()]


@pytest.fixture
def drawn():
    rows = made_up()
    return rows, scatter.growth_and_error(rows, residual=RESIDUAL, images="noise")


def test_the_points_are_the_rows(drawn):
    rows, ax = drawn
    groups = {c.get_label(): c for c in ax.collections if not c.get_label().startswith("_")}
    assert list(groups) == list(causes.INTERVENTIONS)
    for name, group in groups.items():
        expected = [(r["growth"], r["training error"]) for r in rows if r["intervention"] == name]
        np.testing.assert_allclose(group.get_offsets(), expected)
    assert (ax.get_xscale(), ax.get_title()) == ("log", "noise")
    assert ax.get_ylabel() == "final training error (%)"


def test_nets_are_told_apart_by_marker_and_kind_by_filling_and_colour(drawn):
    _, ax = drawn
    groups = {c.get_label(): c for c in ax.collections if not c.get_label().startswith("_")}
    paths = {name: c.get_paths()[0].vertices.round(6).tobytes() for name, c in groups.items()}
    looks = {(paths[name], name in RESIDUAL) for name in groups}
    assert len(looks) == len(groups)
    for name, group in groups.items():
        assert (len(group.get_facecolor()) == 0) == (name in RESIDUAL)
    edges = {tuple(c.get_edgecolor()[0]) for c in groups.values()}
    assert len(edges) == 2
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["no shortcuts", "shortcuts"]


def test_each_has_its_name_and_none_covers_another_or_a_point(drawn):
    rows, ax = drawn
    figure = ax.get_figure()
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = {text.get_text(): text.get_window_extent(renderer) for text in names_of(ax)}
    assert set(boxes) == set(specs.titles(causes.INTERVENTIONS).values())
    for one, other in itertools.combinations(boxes, 2):
        assert not boxes[one].overlaps(boxes[other]), (one, other)
    inside = ax.get_window_extent(renderer)
    points = ax.transData.transform([(r["growth"], r["training error"]) for r in rows])
    for name, box in boxes.items():
        assert not any(box.contains(*point) for point in points), name
        assert inside.x0 - 1 <= box.x0 and box.x1 <= inside.x1 + 1, name
        assert inside.y0 - 1 <= box.y0 and box.y1 <= inside.y1 + 1, name
        assert not box.overlaps(ax.get_legend().get_window_extent(renderer)), name


def test_another_error_and_no_rows():
    rows = [row | {"in training mode": 3.0} for row in made_up(1)[:4]]
    ax = scatter.growth_and_error(rows, error="in training mode")
    assert ax.get_ylabel() == "final training error in training mode (%)"
    assert ax.get_legend() is None
    with pytest.raises(ValueError, match="at least one run"):
        scatter.growth_and_error([])
