"""What follows from the specs by counting, for the expressions in `claims/`."""

import dataclasses
import inspect
import re

from helpers import counting, specs


def spec(name, **changes):
    """A network's record with some parts exchanged; `filters` and `repeats` a value per stage."""
    found = specs.get(name)
    stages = list(found.stages)
    for key in ("filters", "repeats", "strides", "block"):
        if key in changes:
            values = changes.pop(key)
            values = [values] * len(stages) if isinstance(values, int | str) else values
            field = key.removesuffix("s") if key == "strides" else key
            stages = [
                dataclasses.replace(s, **{field: v}) for s, v in zip(stages, values, strict=True)
            ]
    return dataclasses.replace(found, stages=tuple(stages), **changes)


def work(net, **changes):
    """Multiply-adds of one image."""
    return counting.multiply_adds(net, **changes)


def parameters(net, **changes):
    """Trainable parameters."""
    return counting.parameters(net, **changes)


def activations(net):
    """MiB that training keeps for one image, in float32."""
    return 4 * counting.activations(net) / 2**20


def depth(net):
    """Layers with weights as the paper counts them."""
    return specs.get(net).depth


def layer(net, name, **changes):
    """The row of one layer."""
    return next(row for row in counting.layers(net, **changes) if row.name == name)


def stage(net, name, **changes):
    """The sums of one stage."""
    return next(s for s in counting.by_stage(net, **changes) if s.name == name)


def side(net, name, **changes):
    """The side of the maps at the end of a stage, in pixels."""
    return stage(net, name, **changes).output_shape[0]


def share(net, name, what="multiply_adds"):
    """Per cent of the whole that a stage has."""
    total = sum(getattr(s, what) for s in counting.by_stage(net))
    return 100 * getattr(stage(net, name), what) / total


def convolutions(net, ending="_conv", **changes):
    """How many convolutions have a name that ends so."""
    rows = counting.layers(net, **changes)
    return sum(row.kind == "Conv2D" and row.name.endswith(ending) for row in rows)


def field(net, **changes):
    """The receptive field of the last layer that has one."""
    return max(row.receptive_field or 0 for row in counting.layers(net, **changes))


def repeats(net):
    """Blocks per stage."""
    return [s.repeats for s in specs.get(net).stages]


def filters(net):
    """Filters per stage."""
    return [s.filters for s in specs.get(net).stages]


def blocks(net):
    """Blocks in all."""
    return sum(repeats(net))


def kernel(side_of_kernel, inputs, outputs):
    """Weights of a convolution without its bias."""
    return side_of_kernel**2 * inputs * outputs


def bottleneck_weights(net):
    """Kernel weights of a bottleneck whose shortcut is the identity."""
    names = [f"conv2_2_{j}_conv" for j in (1, 2, 3)]
    return sum(layer(net, name).parameters for name in names)


def read(stride_on):
    """The share of its input that the first convolution of conv3_1 works on, in ResNet-50."""
    row = layer("resnet50", "conv3_1_1_conv", bottleneck_stride=stride_on)
    return (row.output_shape[0] / side("resnet50", "conv2_x")) ** 2


def wide():
    """Chapter 4's basic blocks with the width of ResNet-50."""
    return spec("resnet50", block="basic", filters=[4 * f for f in filters("resnet50")])


UNIT = layer("plain34", "conv2_2_1_conv").multiply_adds  # chapter 3 prices everything in this
HALF_UNIT = layer("plain34", "conv3_1_1_conv").multiply_adds / UNIT
NARROW, BROAD = filters("resnet50")[0], specs.get("resnet50").stages[0].channels  # of Figure 5


def units(net):
    """The work of the 3x3 convolutions, in units of chapter 3."""
    rows = (r for r in counting.layers(net) if r.kind == "Conv2D" and r.kernel_size == 3)
    return sum(r.multiply_adds for r in rows) / UNIT


def count_units(net):
    """How many 3x3 convolutions cost one unit, and how many half a unit."""
    rows = [r for r in counting.layers(net) if r.kind == "Conv2D" and r.kernel_size == 3]
    return [sum(r.multiply_adds == UNIT * part for r in rows) for part in (1, 0.5)]


def more_blocks(net, number, at=0):
    """The record with some more blocks in one stage."""
    return spec(net, repeats=[n + number * (i == at) for i, n in enumerate(repeats(net))])


def no_stem(net):
    """The record with one 3x3 convolution in the stem's place."""
    return spec(net, stem=specs.Stem(3, filters(net)[0], stride=1, max_pooling=False))


def small18():
    """ResNet-18 for ten classes of images of 32x32, without its stem."""
    return dataclasses.replace(no_stem("resnet18"), input_shape=(32, 32, 3), num_classes=10)


def dearer():
    """Chapter 3's changes that make plain-34 four times as expensive."""
    stem = specs.get("plain34").stem
    wide = dataclasses.replace(stem, filters=2 * stem.filters)
    return [
        spec("plain34", input_shape=(448, 448, 3)),
        spec("plain34", stem=dataclasses.replace(stem, stride=1)),
        spec("plain34", stem=dataclasses.replace(stem, max_pooling=False)),
        spec("plain34", stem=wide, filters=[2 * f for f in filters("plain34")]),
    ]


def sides(net, image):
    """The side of the maps after conv1 and at the end of each stage."""
    rows = counting.by_stage(net, input_shape=(image, image, 3))
    return [row.output_shape[0] for row in rows[:-1]]


def of_vgg16():
    """VGG-16's convolutions in units, in their order."""
    return [r.multiply_adds / UNIT for r in counting.layers("vgg16") if r.kind == "Conv2D"]


def keras_defaults(layer_name, *arguments):
    """What a layer of Keras has if nothing is said."""
    import keras

    layer = getattr(keras.layers, layer_name)()
    return [getattr(layer, argument) for argument in arguments]


def epsilons():
    """Of batch normalisation: what keras.applications sets, and the default of the book's layer."""
    from keras.src.applications import resnet

    from helpers import layers

    theirs = set(re.findall(r"epsilon=([\d.e-]+)", inspect.getsource(resnet)))
    ours = inspect.signature(layers.BatchNormalization.__init__).parameters["epsilon"].default
    return [*map(float, theirs), ours]
