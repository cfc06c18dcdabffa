"""Drawn blocks against the paper's Figures 2 and 5, and against the layers they are made of."""

import re

import keras
import matplotlib.pyplot as plt
import pytest
from keras import layers, ops
from matplotlib.colors import to_rgba

from helpers import blocks, diagrams, networks, specs
from helpers.plots import COLOURS
from pictures import (
    MAPS,
    all_words,
    around,
    arrows,
    assert_legible,
    basic,
    boxes,
    column,
    drawn_points,
    words,
)

BASIC = ["3x3 conv, 64", "batch norm", "ReLU", "3x3 conv, 64", "batch norm"]


@pytest.fixture(autouse=True)
def unseen():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


# --- one block ------------------------------------------------------------------


def test_a_basic_block_is_figure_2():
    ax = diagrams.block(basic())
    assert column(ax) == ["x", *BASIC, "+", "ReLU"]
    assert len(boxes(ax)) == 6
    beside = [text for text in all_words(ax) if text not in column(ax)]
    assert sorted(beside) == ["56x56x64", "56x56x64", "F(x)", "F(x) + x", "x\nidentity"]
    assert_legible(ax)


def test_a_plain_block_has_no_shortcut():
    ax = diagrams.block(around(lambda x: blocks.plain_block(x, 64, name="b")))
    assert column(ax) == ["x", *BASIC, "ReLU"]
    assert "H(x)" in all_words(ax)
    assert not {"+", "F(x)", "x\nidentity"} & set(all_words(ax))
    assert len(shortcut_lines(ax)) == 0


def shortcut_lines(ax):
    """What is drawn in the shortcut's colour: lines, then arrows."""
    lines = [line for line in ax.lines if line.get_color() == COLOURS[1]]
    return lines + [a for a in arrows(ax) if a.get_edgecolor() == to_rgba(COLOURS[1])]


def test_the_shortcut_leaves_before_the_first_layer_and_arrives_at_the_sum():
    ax = diagrams.block(basic())
    ax.figure.draw_without_rendering()
    line, arrow = shortcut_lines(ax)
    (_, start), (_, across) = line.get_xydata()
    top = max(patch.get_y() + patch.get_height() for patch in boxes(ax))
    assert start == across > top
    (plus,) = (t.get_position() for t in words(ax) if t.get_text() == "+")
    tip = min(map(tuple, drawn_points(arrow)))  # leftmost
    assert tip[0] - plus[0] == pytest.approx(0.8, abs=0.3)  # the radius, less the line's width
    assert tip[1] == pytest.approx(plus[1], abs=0.1)


@pytest.mark.parametrize(
    ("option", "stride", "expected"),
    [
        ("A", 1, None),
        ("B", 1, None),
        ("C", 1, ["1x1 conv, 64", "batch norm"]),
        ("A", 2, ["every 2nd pixel,\nzeros for\n64 channels"]),
        ("B", 2, ["1x1 conv, 128, /2", "batch norm"]),
        ("C", 2, ["1x1 conv, 128, /2", "batch norm"]),
    ],
)
def test_what_stands_on_the_shortcut(option, stride, expected):
    ax = diagrams.block(basic(64 * stride, stride, shortcut=option))
    if expected is None:
        assert {"x\nidentity", "F(x) + x"} <= set(all_words(ax))
        return
    assert "F(x) +\nshortcut(x)" in all_words(ax)
    (main, x) = sorted({t.get_position()[0] for t in words(ax) if t.get_ha() == "center"})
    assert column(ax) == column(ax, main)
    assert column(ax, x) == expected
    first = f"3x3 conv, {64 * stride}" + (", /2" if stride == 2 else "")
    assert column(ax)[1] == first
    shapes = [text for text in all_words(ax) if re.fullmatch(r"\d+x\d+x\d+", text)]
    # Behind the input, behind what changes the shape on each path, at the output.
    assert shapes == [
        "56x56x64",
        *[f"{56 // stride}x{56 // stride}x{64 * stride}"] * (2 * stride - 1),
    ]
    assert_legible(ax)


@pytest.mark.parametrize(("stride", "at"), [("1x1", 1), ("3x3", 4)])
def test_a_bottleneck_is_figure_5_and_shows_where_its_stride_is(stride, at):
    model = around(
        lambda x: blocks.bottleneck_block(x, 64, 2, name="b", bottleneck_stride=stride),
        (56, 56, 256),
    )
    expected = ["x", "1x1 conv, 64", "batch norm", "ReLU", "3x3 conv, 64", "batch norm", "ReLU"]
    expected += ["1x1 conv, 256", "batch norm", "+", "ReLU"]
    expected[at] += ", /2"
    assert column(diagrams.block(model)) == expected


def test_weights_are_those_of_the_kernels():
    model = around(lambda x: blocks.bottleneck_block(x, 64, name="b"), (56, 56, 256))
    ax = diagrams.block(model, weights=True)
    assert [text for text in column(ax) if "conv" in text] == [
        f"1x1 conv, 64\n{256 * 64:,} weights",
        f"3x3 conv, 64\n{9 * 64 * 64:,} weights",
        f"1x1 conv, 256\n{64 * 256:,} weights",
    ]
    assert "F(x)\n69,632\nweights" in all_words(ax)  # the paper's Figure 5, by counting
    assert_legible(ax)


def test_folded_f_is_one_box():
    ax = diagrams.block(basic(128, 2), folded=True)
    assert column(ax) == ["x", "F(x)\n3x3 conv, 128, /2\n3x3 conv, 128", "+", "ReLU"]
    assert_legible(ax)
    plain = around(lambda x: blocks.plain_block(x, 64, name="b"))
    ax = diagrams.block(plain, folded=True)
    assert column(ax) == ["x", "H(x)\n3x3 conv, 64\n3x3 conv, 64", "ReLU"]


# --- blocks of a reader's own ------------------------------------------------------


def own(x, *, before_sum=(), add=lambda f, x: f + x, after=(layers.ReLU,)):
    """A basic block in plain Keras, with room for mistakes."""
    f = layers.Conv2D(64, 3, padding="same", use_bias=False)(x)
    f = layers.Activation("relu")(layers.BatchNormalization()(f))
    f = layers.BatchNormalization()(layers.Conv2D(64, 3, padding="same")(f))
    for layer in before_sum:
        f = layer()(f)
    y = add(f, x)
    for layer in after:
        y = layer()(y)
    return y


def looks(ax):
    return [(t.get_text(), t.get_position()) for t in words(ax)]


@pytest.mark.parametrize(
    "add",
    [
        lambda f, x: f + x,
        lambda f, x: x + f,
        lambda f, x: layers.Add()([x, f]),
        lambda f, x: layers.add([f, x]),
        lambda f, x: ops.add(f, x),
    ],
)
def test_names_and_ways_to_write_it_play_no_part(add):
    assert looks(diagrams.block(around(lambda x: own(x, add=add)))) == looks(
        diagrams.block(basic())
    )


def test_a_block_cut_out_of_a_network():
    net = networks.build("resnet18", input_shape=(32, 32, 3))
    inside = keras.Model(net.get_layer("conv2_2_relu").output, net.get_layer("conv3_1_relu").output)
    assert looks(diagrams.block(inside)) == looks(diagrams.block(basic(128, 2, (8, 8, 64))))


def test_a_sequential_model_is_a_plain_block():
    chain = [layers.Conv2D(4, 3, padding="same", activation="relu"), layers.Conv2D(4, 3, 2)]
    ax = diagrams.block(keras.Sequential([keras.Input((9, 9, 4)), *chain]))
    assert column(ax) == ["x", "3x3 conv, 4", "ReLU", "3x3 conv, 4, /2"]
    assert "4x4x4" in all_words(ax)  # no padding, so (9 - 3) // 2 + 1


def test_mistakes_show():
    forgotten = diagrams.block(around(lambda x: own(x, add=lambda f, x: f)))
    assert column(forgotten) == ["x", *BASIC, "ReLU"]
    early = diagrams.block(around(lambda x: own(x, before_sum=[layers.ReLU], after=[])))
    assert column(early) == ["x", *BASIC, "ReLU", "+"]
    joined = diagrams.block(around(lambda x: own(x, add=lambda *fx: layers.Concatenate()(fx))))
    assert column(joined) == ["x", *BASIC, "Concatenate", "ReLU"]
    assert "56x56x128" in all_words(joined)
    twice = diagrams.block(around(lambda x: x + x))
    assert column(twice) == ["x", "+"]
    assert "F(x) + x" not in all_words(twice)


def test_padding_that_is_not_the_convolutions_own_is_drawn():
    def padded(border):
        return around(lambda x: layers.Conv2D(8, 3, 2)(layers.ZeroPadding2D(border)(x)))

    assert column(diagrams.block(padded(1))) == ["x", "3x3 conv, 8, /2"]
    lopsided = diagrams.block(padded(((0, 1), (0, 1))))
    assert column(lopsided) == ["x", "pad (0, 1), (0, 1)", "3x3 conv, 8, /2"]
    assert column(diagrams.block(padded(2)))[1] == "pad 2"


def test_option_a_in_other_words():
    def block(x):
        return layers.Conv2D(64, 3, 2, padding="same")(x) + layers.MaxPooling2D(1, 2)(x)

    assert "every 2nd pixel" in all_words(diagrams.block(around(block)))


def test_layers_before_the_fork():
    def preactivated(x):
        y = layers.ReLU()(layers.BatchNormalization()(x))
        return layers.Conv2D(128, 3, 2, padding="same")(y) + layers.Conv2D(128, 1, 2)(y)

    ax = diagrams.block(around(preactivated))
    # Both paths have one convolution: F(x) is the first term.
    assert column(ax) == ["x", "batch norm", "ReLU", "3x3 conv, 128, /2", "+"]
    assert_legible(ax)


class Hidden(keras.Model):
    def call(self, x):
        return x


def two_inputs():
    a, b = keras.Input(MAPS), keras.Input(MAPS)
    return keras.Model([a, b], a + b)


def two_outputs():
    x = keras.Input(MAPS)
    return keras.Model(x, [layers.ReLU()(x), layers.ReLU()(x)])


def squeezed(x):
    """A block with a third branch, which gates F by what is computed from x."""
    f = layers.Conv2D(64, 3, padding="same")(x)
    return x + f * layers.GlobalAveragePooling2D(keepdims=True)(x)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (two_inputs, ValueError, "one input and one output.*2 inputs and 1 outputs"),
        (two_outputs, ValueError, "one input and one output.*1 inputs and 2 outputs"),
        (lambda: around(lambda x: own(own(x))), ValueError, "divides at 2 and meets at 2"),
        (lambda: around(squeezed), ValueError, "one block at a time"),
        (lambda: around(lambda x: layers.Add()([x, x, x])), ValueError, "more than two ways"),
        (lambda: around(lambda x: ops.split(x, 2, -1)[0]), ValueError, "split"),
        (Hidden, ValueError, "cannot be seen.*a Hidden"),
        (lambda: keras.Sequential([layers.ReLU()]), ValueError, "cannot be seen"),
        (lambda: specs.get("resnet34"), TypeError, "keras.Model around one block"),
        (lambda: blocks.basic_block, TypeError, "keras.Model around one block"),
    ],
)
def test_what_is_not_one_block_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        diagrams.block(make())
    assert plt.get_fignums() == []


# --- several blocks -----------------------------------------------------------------


def test_blocks_stand_beside_and_below_each_other():
    models = {"a": basic(), "b": basic(128, 2), "c": basic(shortcut="C")}
    ax = diagrams.blocks(models, columns=2)
    a, b, c = ({t.get_text(): t for t in words(ax)}[name].get_position() for name in "abc")
    assert a[1] == b[1] > c[1]
    assert a[0] == c[0] < b[0]
    assert all_words(ax).count("+") == 3
    assert_legible(ax)
    with pytest.raises(ValueError, match="at least one model"):
        diagrams.blocks({})
    with pytest.raises(ValueError, match="columns=0"):
        diagrams.blocks(models, columns=0)
