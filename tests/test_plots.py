"""The pictures show what the records say."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import plots, runs, shapes
from helpers.data import Split


@pytest.fixture
def recorded(book_records):
    recipe = "he2015-cifar10-3510steps-mixed_bfloat16"
    return [runs.load(f"cifar10-{net}-{recipe}-seed0") for net in ("plain20", "plain56")]


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_curves_draw_the_errors_in_per_cent_and_name_the_images(recorded):
    ax = plots.curves(recorded, quantity="validation_error")
    for line, run in zip(ax.lines, recorded, strict=True):
        assert list(line.get_xdata()) == run.history["step"]
        assert np.allclose(line.get_ydata(), 100 * np.array(run.history["validation_error"]))
    assert ax.get_title() == "CIFAR-10 (JPEG)"
    assert ax.get_ylabel() == "validation error (%)"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["plain20", "plain56"]


def test_lines_differ_in_colour_and_in_style(recorded):
    ax = plots.curves(recorded)
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.lines]
    assert len({c for c, _ in looks}) == len({s for _, s in looks}) == 2


def test_runs_on_different_images_are_not_drawn_together(recorded):
    other = dataclasses.replace(recorded[1], data={"description": "CIFAR-10"})
    with pytest.raises(ValueError, match=r"same images.*CIFAR-10.*CIFAR-10 \(JPEG\)"):
        plots.curves([recorded[0], other])
    with pytest.raises(ValueError, match="at least one run"):
        plots.curves([])
    with pytest.raises(ValueError, match=r"validation_error.*'test_error'"):
        plots.curves(recorded, quantity="test_error")


def test_by_layer_runs_from_input_to_output_on_a_log_scale():
    ax = plots.by_layer({"a": {"one": 1.0, "two": 10.0, "three": 100.0}}, what="norm")
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0, 0.5, 1]
    assert list(line.get_ydata()) == [1, 10, 100]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "norm")


def test_one_per_class_shows_each_class_in_turn():
    split = Split(*shapes.generate(40, seed=3))
    _, axes = plt.subplots(2, 10)
    plots.one_per_class(split, shapes.CLASS_NAMES, axes)
    assert [ax.get_title() for ax in axes[0]] == list(shapes.CLASS_NAMES)
    shown = axes[1, 4].images[0].get_array()
    assert np.array_equal(shown, split.images[split.labels == 4][1])
    _, many = plt.subplots(5, 10)
    with pytest.raises(ValueError, match=r"at least 5 images of disc.*4"):
        plots.one_per_class(split, shapes.CLASS_NAMES, many)
