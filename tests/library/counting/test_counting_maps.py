"""counting: receptive fields and activations, found in the built model without its formulas."""

import dataclasses
import math

import keras
import numpy as np
import pytest

from helpers import counting, networks, specs

# --- receptive field: light up one row of the image after another ----------------------


def influenced(spec):
    """{layer: rows of the image that its middle row depends on}, measured.

    One image per row, with that row at 1 and all others at 0. All kernels are positive
    and there is no bias, so a number above 0 is one that the row has reached.
    """
    model = networks.build(spec)
    for layer in model.layers:
        layer.set_weights(
            [np.full(w.shape, 1 / w.shape[0] ** 2 if w.ndim == 4 else 0) for w in layer.weights]
        )
    maps = [layer for layer in model.layers[1:] if len(layer.output.shape) == 4]
    height, width, channels = spec.input_shape
    images = np.zeros((height, height, width, channels), "float32")
    images[range(height), range(height)] = 1
    outputs = keras.Model(model.input, [layer.output for layer in maps])(images)
    found = {}
    for layer, y in zip(maps, outputs, strict=True):
        middle = keras.ops.convert_to_numpy(y)[:, y.shape[1] // 2].max(axis=(1, 2))
        assert np.isfinite(middle).all(), layer.name
        found[layer.name] = set(np.flatnonzero(middle))
    return found


def narrow(name, **changes):
    """A net of the book with one filter and without batch normalization."""
    spec = specs.resolve(specs.narrowed(specs.get(name), 1), num_classes=2, **changes)
    return dataclasses.replace(spec, batch_norm=False, hidden=())


@pytest.mark.parametrize(
    ("name", "side", "changes", "last"),
    [
        ("plain20", 200, {}, "conv4_3_2_conv"),
        ("resnet20", 200, {"shortcut": "C"}, "conv4_3_2_conv"),
        ("resnet18", 672, {"shortcut": "A"}, "conv5_2_2_conv"),
        ("resnet50", 672, {}, "conv5_3_2_conv"),
        ("resnet50", 672, {"bottleneck_stride": "3x3"}, "conv5_3_2_conv"),
        ("vgg16", 320, {}, "pool5"),
    ],
)
def test_receptive_fields_are_the_rows_that_reach_a_number(name, side, changes, last):
    """Every layer whose square lies inside the image, up to the last layer of the net."""
    spec = narrow(name, input_shape=(side, 32, 1), **changes)
    rows = {row.name: row for row in counting.layers(spec)}
    compared = set()
    for layer, reached in influenced(spec).items():
        if 0 in reached or side - 1 in reached:
            continue  # cut off by the border
        assert len(reached) == max(reached) - min(reached) + 1, layer
        # A shortcut's own layers see less than the sum that they lead to.
        assert rows[layer].receptive_field == len(reached), layer
        compared.add(layer)
    assert last in compared
    assert rows["avg_pool"].receptive_field is None
    assert rows["fc"].receptive_field is None


# --- activations: what the derivative of each layer is made of ---------------------------


def needed(model):
    """{layer: numbers per image of its output} for the outputs that the backward pass reads."""
    found = {}

    def keep(tensor):
        layer = tensor._keras_history.operation
        if isinstance(layer, keras.layers.Flatten):
            return keep(layer.input)  # the same numbers in the same memory
        found[layer.name] = math.prod(tensor.shape[1:])

    keep(model.input)
    for layer in model.layers[1:]:
        match layer:
            case keras.layers.Conv2D() | keras.layers.BatchNormalization():
                keep(layer.input)  # factor of the gradient of the kernel, of gamma
            case keras.layers.Dense():
                keep(layer.input)
                keep(layer.output)  # the slope of ReLU and of softmax follows from it
            case keras.layers.ReLU():
                keep(layer.output)
            case keras.layers.MaxPooling2D():
                keep(layer.input)  # where in its window was the maximum?
                keep(layer.output)
            case _:  # linear and without weights, or dropout's mask, a byte per number
                assert not layer.weights
                linear = "Add", "ZeroPadding2D", "ZeroPadShortcut", "GlobalAveragePooling2D"
                assert type(layer).__name__ in (*linear, "Flatten", "Dropout"), layer
    return found


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("plain20", {}),
        *(("resnet20", {"shortcut": option}) for option in "ABC"),
        ("resnet18", {}),
        *(("resnet50", {"bottleneck_stride": stride}) for stride in ("1x1", "3x3")),
        ("vgg16", {}),
    ],
)
def test_activations_are_the_outputs_that_the_backward_pass_needs(name, changes, batch_norm):
    spec = specs.resolve(specs.narrowed(specs.get(name), 4), **changes, input_shape=(64, 96, 3))
    spec = dataclasses.replace(spec, batch_norm=batch_norm)
    spec = dataclasses.replace(spec, hidden=(20, 30) if spec.hidden else ())
    expected = needed(networks.build(spec))
    rows = {row.name: row.activations for row in counting.layers(spec) if row.activations}
    assert {"image": 64 * 96 * 3} | rows == expected
    assert counting.activations(spec) == sum(expected.values())
    stages = sum(stage.activations for stage in counting.by_stage(spec))
    assert counting.activations(spec) == 64 * 96 * 3 + stages


def test_wrong_names_are_refused():
    with pytest.raises(ValueError, match=r"resnet34.*Received: name='resnet35'"):
        counting.layers("resnet35")
    with pytest.raises(ValueError, match=r"plain34 is a plain net.*shortcut='B'"):
        counting.parameters("plain34", shortcut="B")
    with pytest.raises(ValueError, match=r"resnet34 has no bottleneck.*bottleneck_stride='3x3'"):
        counting.by_stage("resnet34", bottleneck_stride="3x3")
