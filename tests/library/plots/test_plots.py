"""The pictures show what the records say."""

import dataclasses
import types

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from helpers import paper, plots, runs, specs
from helpers.datasets import Split, shapes
from helpers.studies import published


@pytest.fixture
def recorded(book_records):
    recipe = "he2015-cifar10-3510steps-mixed_bfloat16"
    return [runs.load(f"cifar10-{net}-{recipe}-seed0") for net in ("plain20", "plain56")]


def lightness(colour):
    """CIE L* of a colour: 0 black, 100 white."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


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
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["plain-20", "plain-56"]


def test_the_deeper_net_is_the_darker_and_the_wider_line(recorded):
    ax = plots.curves(recorded)
    shallow, deep = ax.lines
    assert lightness(deep.get_color()) < lightness(shallow.get_color()) - 10
    assert deep.get_linewidth() > shallow.get_linewidth()
    assert deep.get_marker() != shallow.get_marker()


def test_runs_on_different_images_are_not_drawn_together(recorded):
    other = dataclasses.replace(recorded[1], data={"description": "CIFAR-10"})
    with pytest.raises(ValueError, match=r"same images.*CIFAR-10.*CIFAR-10 \(JPEG\)"):
        plots.curves([recorded[0], other])
    with pytest.raises(ValueError, match="at least one run"):
        plots.curves([])
    with pytest.raises(ValueError, match=r"validation_error.*'top5_error'"):
        plots.curves(recorded, quantity="top5_error")


def of_depth(network, errors):
    """A record of a finished net, as far as the picture of depth wants it."""
    final = {"train": {"error": errors[0]}, "test": {"error": errors[1]}}
    return types.SimpleNamespace(
        name=network, final=final, images="noise", architecture=specs.get(network)
    )


def test_error_by_depth_has_a_line_of_means_and_a_point_for_each_seed():
    nets = [
        of_depth("plain20", (0.2, 0.3)),
        of_depth("plain8", (0.25, 0.35)),
        of_depth("plain20", (0.3, 0.4)),
        of_depth("resnet56", (0.1, 0.2)),
    ]
    for split, means in (("train", [25, 25]), ("test", [35, 35])):
        ax = plots.error_by_depth(nets, split=split)
        plain, residual = ax.lines
        assert list(plain.get_xdata()) == [8, 20]
        np.testing.assert_allclose(plain.get_ydata(), means)
        assert list(residual.get_xdata()) == [56]
        points = [c.get_offsets().tolist() for c in ax.collections]
        assert [len(each) for each in points] == [3, 1]
        assert [t.get_text() for t in ax.get_legend().get_texts()] == [
            "plain nets",
            "residual nets",
        ]
        assert ax.get_ylabel().startswith("training" if split == "train" else "test")
    own = types.SimpleNamespace(name="own", images="noise", architecture=None)
    with pytest.raises(ValueError, match=r"networks of `specs`.*own"):
        plots.error_by_depth([own])


def followed(network, test):
    """A record with a test error by epoch, as far as a picture wants it."""
    history = {"step": [10, 20, 30], "error": [0.5, 0.4, 0.35], "test_error": test}
    return types.SimpleNamespace(network=network, name=network, history=history, images="noise")


def test_figure_6_has_the_test_error_bold_and_the_training_error_dashed():
    nets = [followed("a", [0.6, 0.5, 0.4]), followed("b", [0.7, 0.6, 0.3])]
    ax = plots.training_and_test(nets, marks={"b": 8.75})
    dashed, bold, other_dashed, other_bold, mark = ax.lines
    assert list(bold.get_ydata()) == pytest.approx([60, 50, 40])
    assert list(other_bold.get_ydata()) == pytest.approx([70, 60, 30])
    assert list(dashed.get_ydata()) == list(other_dashed.get_ydata()) == [50, 40, 35]
    assert (dashed.get_linestyle(), bold.get_linestyle()) == ("--", "-")
    assert dashed.get_linewidth() < bold.get_linewidth()
    assert dashed.get_color() == bold.get_color() != other_bold.get_color()
    assert set(mark.get_ydata()) == {8.75}
    assert mark.get_color() == other_bold.get_color()
    (words,) = ax.texts
    assert words.get_text() == "the paper: 8.8 %" and words.xy[1] == 8.75
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.get_title() == "noise"
    del nets[1].history["test_error"]
    with pytest.raises(ValueError, match=r"test error by epoch. Received: b.*--follow-test"):
        plots.training_and_test(nets)


def test_reported_errors_have_the_bars_of_their_test_images():
    ax = plots.reported_errors(paper.TABLE_6, images=10_000)
    single, several = ax.containers
    errors = [8.75, 7.51, 7.17, 6.97, 6.43, 7.93]
    assert list(single.lines[0].get_ydata()) == errors
    (segments,) = single.lines[2]
    for (low, high), error in zip(segments.get_segments(), errors, strict=True):
        half = 1.96 * 100 * np.sqrt(error / 100 * (1 - error / 100) / 10_000)
        assert (high[1] - low[1]) / 2 == pytest.approx(half)
    assert list(several.lines[0].get_ydata()) == [6.61]
    assert next(t.get_text() for t in ax.get_xticklabels()) == "ResNet-20"
    with pytest.raises(ValueError, match="at least one net"):
        plots.reported_errors({})


def test_by_layer_runs_from_input_to_output_on_a_log_scale():
    ax = plots.by_layer({"a": {"one": 1.0, "two": 10.0, "three": 100.0}}, what="norm")
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0, 0.5, 1]
    assert list(line.get_ydata()) == [1, 10, 100]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "norm")


def test_by_depth_draws_what_was_measured_of_each_kind_of_net(book_records):
    values = published.by_depth("training_loss")
    ax = plots.by_depth(values, what="training loss", title="CIFAR-10", log=True)
    for line, (label, of_depth) in zip(ax.lines, values.items(), strict=True):
        assert line.get_label() == label
        assert (line.get_linestyle() == "--") == label.startswith("plain")
        assert dict(zip(line.get_xdata(), line.get_ydata(), strict=True)) == of_depth
    assert list(ax.get_xticks()) == [20, 32, 44, 56]
    assert len({line.get_linestyle() for line in ax.lines}) == len(values) == 3
    assert len({line.get_color() for line in ax.lines}) == 2  # plain and residual
    assert (ax.get_yscale(), ax.get_ylabel(), ax.get_title()) == (
        "log",
        "training loss",
        "CIFAR-10",
    )
    ax = plots.by_depth({"plain": {3: 0.4, 1: 0.2}}, what="x")  # in any order, and linear
    assert list(ax.lines[0].get_xdata()) == [1, 3] and ax.get_ylim()[0] == 0
    with pytest.raises(ValueError, match="at least one kind of net"):
        plots.by_depth({}, what="x")


def test_by_block_draws_what_was_measured_and_what_was_predicted():
    x = {"conv1": 3.0, "conv2_1": 2.0, "conv2_2": 1.5, "conv3_1": 1.0}
    values, predicted = {"a": x, "b": dict.fromkeys(x, 1.0)}, {"a": [4.0, 3.0, 2.0, 1.0]}
    ax = plots.by_block(values, what="norm", predicted=predicted)
    (stage, *lines) = ax.lines
    assert list(stage.get_xdata()) == [2.5, 2.5]  # conv3_1 stands at 3
    drawn = {line.get_label(): list(line.get_ydata()) for line in lines}
    assert drawn == {"a": [3, 2, 1.5, 1], "a, predicted": [4, 3, 2, 1], "b": [1, 1, 1, 1]}
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert lines[0].get_marker() != lines[1].get_marker()
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "norm")


def test_the_two_panels_of_chapter_2_follow_the_argument():
    blocks = ["conv1"] + [f"conv{s}_{b}" for s in (2, 3, 4) for b in (1, 2, 3)]
    measured = {net: dict.fromkeys(blocks, 2.0) for net in ("plain20", "resnet20", "plain56")}
    _, axes = plt.subplots(1, 2)
    plots.propagation_by_block(measured, measured, axes, a=4, depth=20)
    lines = [{line.get_label(): line.get_ydata() for line in ax.lines} for ax in axes]
    drawn = ("plain-20", "ResNet-20")
    assert all(set(drawn) < set(of_panel) and "plain-56" not in of_panel for of_panel in lines)
    back, forth = ([of_panel[f"{net}, predicted"] for net in drawn] for of_panel in lines)
    assert back[0] == pytest.approx([2 * 2.0 ** (9 - i) for i in range(10)])
    assert back[1][-2:] == pytest.approx([2 * np.sqrt(1 + 4 / 9), 2])
    assert forth[0] == pytest.approx([np.sqrt(0.5)] * 10)
    assert forth[1][:2] == pytest.approx(np.sqrt([0.5, 1.5]))
    assert [ax.get_yscale() for ax in axes] == ["log", "linear"]


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


def test_a_heat_map_is_darker_the_more_it_counts_and_its_bar_has_a_unit():
    matrix = np.array([[80, 20, 0], [10, 85, 5], [0, 50, 50]])
    ax = plots.confusion(matrix, ["a", "b", "c"], title="noise")
    (shown,) = ax.images
    np.testing.assert_allclose(np.array(shown.get_array()), matrix)  # each row has 100
    assert shown.get_clim() == (0, 100)
    weights = [0.2126, 0.7152, 0.0722]
    lightness = shown.cmap(np.linspace(0, 1, 101))[:, :3] @ weights
    assert (np.diff(lightness) < 0).all()
    _, bar = ax.figure.axes
    assert bar.get_ylabel() == "% of the breed's photographs"
    assert shown.colorbar.solids.get_rasterized()


def test_activation_maps_share_one_scale():
    maps = np.arange(12.0).reshape(2, 2, 3) - 3
    axes = plt.subplots(1, 4)[1]
    plots.activation_maps(np.zeros((8, 8, 3), "uint8"), maps, list("abcd"), axes)
    for k, ax in enumerate(axes[1:]):
        np.testing.assert_array_equal(ax.images[0].get_array(), maps[:, :, k])
        assert ax.images[0].get_clim() == (-8, 8)
    assert [ax.get_title() for ax in axes] == list("abcd")
    axes = plt.subplots(1, 3)[1]  # the photograph left out
    plots.activation_maps(None, maps, list("bcd"), axes)
    np.testing.assert_array_equal(axes[0].images[0].get_array(), maps[:, :, 0])
    with pytest.raises(ValueError, match="3 titles and 3 axes"):
        plots.activation_maps(None, maps, list("abcd"), axes)


def test_neighbours_stand_beside_what_was_asked_about():
    images = np.arange(6, dtype="uint8")[:, None, None, None] + np.zeros((4, 4, 3), "uint8")
    axes = plt.subplots(2, 3)[1]
    plots.neighbours(images, {4: [1, 2], 0: [5, 3]}, axes)
    shown = [[int(ax.images[0].get_array()[0, 0, 0]) for ax in row] for row in axes]
    assert shown == [[4, 1, 2], [0, 5, 3]]
    with pytest.raises(ValueError, match=r"axes \(1, 3\)"):
        plots.neighbours(images, {4: [1, 2]}, axes)
