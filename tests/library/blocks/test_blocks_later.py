"""blocks: what came after 2015 against NumPy, on every backend."""

import dataclasses

import keras
import numpy as np
import pytest

import reference
from backend import forward
from helpers import blocks, counting, networks, specs
from helpers.counting import propagation
from helpers.specs import Network, Stage, Stem

pytestmark = [pytest.mark.backends, pytest.mark.quick]

SHAPE = (5, 6, 4)


def model(block, *arguments, **options):
    x = keras.Input(SHAPE)
    return keras.Model(x, block(x, *arguments, name="conv3_1", **options))


def images(seed=1):
    return np.random.default_rng(seed).normal(size=(3, *SHAPE))


def grouped(x, kernel, groups, stride=1):
    """Each group of channels by its own filters."""
    parts = zip(np.split(x, groups, -1), np.split(kernel, groups, -1), strict=True)
    return np.concatenate([reference.conv(*part, stride=stride, padding=1) for part in parts], -1)


def means(x):
    """Of 2x2 pixels, or of as many as there are."""
    n, height, width, channels = x.shape
    out = np.zeros((n, -(-height // 2), -(-width // 2), channels))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j] = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean(axis=(1, 2))
    return out


def gated(fx, weights):
    s = fx.mean(axis=(1, 2), keepdims=True)
    (first, bias), (second, other) = weights["conv3_1_se_1"], weights["conv3_1_se_2"]
    s = reference.relu(s @ first + bias) @ second + other
    return fx / (1 + np.exp(-s))


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("stride", "place", "expansion"), [(1, "1x1", 1), (2, "1x1", 4), (2, "3x3", 4), (1, "3x3", 2)]
)
@pytest.mark.parametrize("training", [False, True])
def test_a_preactivation_bottleneck(stride, place, expansion, training):
    how = {"bottleneck_stride": place, "expansion": expansion}
    net = model(blocks.preactivation_bottleneck_block, 4, stride, **how)
    weights, x = reference.random_weights(net), images()

    def active(x, number):
        norm = weights[f"conv3_1_{number}_bn"]
        return reference.relu(reference.batch_norm(x, *norm, training=training))

    steps = {"1x1": (stride, 1, 1), "3x3": (1, stride, 1)}[place]
    fx = x
    for number, (step, border) in enumerate(zip(steps, (0, 1, 0), strict=True), start=1):
        kernel = weights[f"conv3_1_{number}_conv"]
        fx = reference.conv(active(fx, number), *kernel, stride=step, padding=border)
    carried = x
    if "conv3_1_proj_conv" in weights:
        carried = reference.conv(active(x, 1), *weights["conv3_1_proj_conv"], stride=stride)
    assert ("conv3_1_proj_conv" in weights) == (stride > 1 or expansion > 1)
    same(forward(net, x, training), fx + carried)


def test_groups_a_gate_and_a_pooled_shortcut():
    how = {"groups": 3, "expansion": 2, "squeeze": 4, "pooled_shortcut": True}
    net = model(blocks.bottleneck_block, 6, 2, bottleneck_stride="3x3", **how)
    weights, x = reference.random_weights(net), images()

    def norm(x, part):
        return reference.batch_norm(x, *weights[f"conv3_1_{part}_bn"], training=False)

    fx = reference.relu(norm(reference.conv(x, *weights["conv3_1_1_conv"]), 1))
    fx = reference.relu(norm(grouped(fx, *weights["conv3_1_2_conv"], 3, stride=2), 2))
    fx = gated(norm(reference.conv(fx, *weights["conv3_1_3_conv"]), 3), weights)
    carried = norm(reference.conv(means(x), *weights["conv3_1_proj_conv"]), "proj")
    same(forward(net, x), reference.relu(fx + carried))


def test_a_pooled_identity_has_zeros_behind():
    net = model(blocks.basic_block, 6, 2, shortcut="A", pooled_shortcut=True)
    reference.random_weights(net)
    last = net.get_layer("conv3_1_2_bn")
    last.set_weights([0 * array for array in last.get_weights()[:2]] + last.get_weights()[2:])
    expected = np.zeros((3, 3, 3, 6))
    expected[..., :4] = reference.relu(means(images()))
    same(forward(net, images()), expected)


def test_a_fixup_block_by_hand():
    net = model(blocks.basic_block, 4, start="fixup", of_blocks=9)
    weights, x = reference.random_weights(net), images()
    shift = {name: w[0] for name, w in weights.items() if "shift" in name}
    fx = reference.conv(x + shift["conv3_1_1_shift_in"], *weights["conv3_1_1_conv"], padding=1)
    fx = reference.relu(fx + shift["conv3_1_1_shift_out"]) + shift["conv3_1_2_shift_in"]
    fx = reference.conv(fx, *weights["conv3_1_2_conv"], padding=1)
    fx = fx * weights["conv3_1_scale"][0] + shift["conv3_1_2_shift_out"]
    same(forward(net, x), reference.relu(fx + x))


def test_a_normalizer_free_block_by_hand():
    net = model(blocks.preactivation_block, 4, start="nf", size=1.3)
    weights, x = reference.random_weights(net), images()

    def kernel(number):
        kernel, bias, gain = weights[f"conv3_1_{number}_conv"]
        kernel = kernel - kernel.mean(axis=(0, 1, 2))
        kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)))
        return gain * kernel * np.sqrt(2 / (1 - 1 / np.pi)), bias

    fx = reference.conv(reference.relu(x / 1.3), *kernel(1), padding=1)
    fx = reference.conv(reference.relu(fx), *kernel(2), padding=1)
    same(forward(net, x), x + 0.2 * fx)


@pytest.mark.parametrize("start", ["zero-gamma", "skipinit", "fixup"])
@pytest.mark.parametrize("training", [False, True])
def test_a_block_starts_as_its_shortcut(start, training):
    net = model(blocks.basic_block, 4, start=start)
    same(forward(net, images(), training), reference.relu(images()))
    usual = model(blocks.basic_block, 4)
    assert abs(forward(usual, images(), training) - reference.relu(images())).max() > 0.1


def test_a_preactivation_block_starts_as_x_with_skipinit():
    same(forward(model(blocks.preactivation_block, 4, start="skipinit"), images()), images())


def test_fixups_first_kernel_is_smaller_the_more_blocks_there_are():
    def deviation(of_blocks):
        x = keras.Input((8, 8, 64))
        y = blocks.basic_block(x, 64, name="conv3_1", start="fixup", of_blocks=of_blocks)
        return np.std(keras.Model(x, y).get_layer("conv3_1_1_conv").get_weights()[0])

    he = np.sqrt(2 / (9 * 64))
    assert deviation(1) == pytest.approx(he, rel=0.03)
    assert deviation(25) == pytest.approx(he / 5, rel=0.03)


def test_normalizer_free_blocks_have_the_variance_that_they_divide_by():
    """At the input of each block, to what maps of this size scatter."""
    stages = (
        Stage("conv2_x", "preactivation", 64, 3, 1),
        Stage("conv3_x", "preactivation", 64, 3, 2),
    )
    stem = Stem(kernel_size=3, filters=64, stride=1, max_pooling=False)
    spec = Network("nf", (12, 12, 3), 5, stem, stages, shortcut="B", batch_norm=False, start="nf")
    keras.utils.set_random_seed(3)
    net = networks.build(spec)
    sums = [layer for layer in net.layers if layer.name.endswith("_add")]
    inside = keras.Model(net.input, [layer.output for layer in sums])
    x = np.random.default_rng(2).normal(size=(24, 12, 12, 3)) * networks.IMAGES_BY
    ends = inside(x.astype("float32"), training=False)
    found = [float(keras.ops.std(keras.ops.convert_to_numpy(y))) for y in ends[:-1]]
    expected = propagation.normalizer_free_sizes(spec)[1:]
    np.testing.assert_allclose(found, expected, rtol=0.12)


# --- rows, and what is refused -------------------------------------------------------------

VARIANTS = [
    *("preresnet20", "preresnet20-skipinit", "preresnet20-nf", "preresnet20-se16-survive0.5"),
    *("resnet20-zerogamma", "resnet20-skipinit", "resnet20-fixup", "resnet20-survive0.5"),
    *("resnet8-A-pooled", "resnet8-B-pooled", "resnet8-se4", "resnet8-C-fixup"),
    *("resnet50d", "seresnet50", "resnext50_32x4d", "preresnet50-v1.5", "preresnet50-nf"),
]


@pytest.mark.parametrize("name", VARIANTS)
def test_rows_are_the_layers_of_the_built_model(name):
    spec = specs.narrowed(specs.get(name), 32 if "resnext" in name else 4)
    if max(spec.input_shape) > 32:
        stages = tuple(dataclasses.replace(s, repeats=1) for s in spec.stages)
        spec = dataclasses.replace(spec, input_shape=(65, 64, 3), stages=stages)
    net = networks.build(spec, initializer="zeros")
    rows = {row.name: row for row in counting.layers(spec)}
    built = {layer.name: layer for layer in net.layers[1:]}
    assert set(rows) == set(built)
    for name, layer in built.items():
        assert rows[name].kind == type(layer).__name__
        assert rows[name].output_shape == tuple(layer.output.shape[1:])
        trained = sum(int(np.prod(w.shape)) for w in layer.trainable_weights)
        assert rows[name].parameters == trained


@pytest.mark.parametrize(
    ("name", "parameters"),
    [  # as timm counts its nets; WRN-28-10: 36.5 M in Zagoruyko and Komodakis 2016, Table 5
        *(("resnet50d", 25_576_264), ("resnet50c", 25_576_264), ("seresnet50", 28_088_024)),
        *(("resnext50_32x4d", 25_028_904), ("preresnet50", 25_549_352), ("wrn28_10", 36_479_194)),
    ],
)
def test_published_totals(name, parameters):
    assert counting.parameters(name) == parameters


@pytest.mark.parametrize(
    ("depth", "printed", "whole"), [(164, "1.7", "1.7"), (1001, "10.2", "10.3")]
)
def test_the_paper_prints_preactivations_parameters_without_normalization(depth, printed, whole):
    """He et al. 2016, Table 4, in millions: of 1001 layers the gammas and betas show."""
    rows = counting.layers(f"preresnet{depth}")
    bare = sum(row.parameters for row in rows if row.kind != "BatchNormalization")
    assert f"{bare / 1e6:.1f}" == printed
    assert f"{counting.parameters(f'preresnet{depth}') / 1e6:.1f}" == whole


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plain20-skipinit", "left out: plain20.* is a plain net"),
        ("plain20-survive0.5", "left out: plain20.* is a plain net"),
        ("preresnet20-zerogamma", "another: zero-gamma is of basic, bottleneck blocks"),
        ("resnet50-fixup", "another: fixup is of basic blocks"),
        ("resnet20-nf", "another: nf is of preactivation, preactivation-bottleneck blocks"),
        ("resnet20-survive1.5", "a probability, above 0 and at most 1"),
        ("resnet20-skipinit-nf", "one tag for start"),
    ],
)
def test_what_makes_no_network_is_refused(name, why):
    with pytest.raises(ValueError, match=why):
        specs.get(name)


def test_groups_stand_in_bottlenecks_and_divide_the_filters():
    with pytest.raises(ValueError, match="a divisor of the 6 filters"):
        Stage("conv2_x", "bottleneck", 6, 1, 1, groups=4)
    with pytest.raises(ValueError, match="left out: conv2_x has basic blocks"):
        Stage("conv2_x", "basic", 6, 1, 1, groups=2)


def test_a_record_from_before_the_later_fields_is_the_network_that_it_was():
    record = dataclasses.asdict(specs.get("resnet50"))
    for key in ("start", "survival", "squeeze", "pooled_shortcut", "bottleneck_stride"):
        del record[key]
    del record["stem"]["convolutions"]
    for stage in record["stages"]:
        del stage["groups"], stage["expansion"]
    assert Network.from_record(record) == specs.get("resnet50")
