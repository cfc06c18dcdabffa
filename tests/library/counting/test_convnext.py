"""convnext: its ends against others' counts, the steps between as built here, and the text."""

import dataclasses
import math
from collections import Counter

import keras
import pytest
from keras import layers

from helpers import counting
from helpers.counting import convnext

pytestmark = pytest.mark.quick

# Billions of multiply-adds in the paper's text: sections 2.3 to 2.5, and the README's table.
IN_THE_TEXT = {"depthwise": 5.3, "inverted": 4.6, "first": 4.1, "convnext_t": 4.5}
WEIGHTED = (
    *(layers.Conv2D, layers.Dense),
    *(layers.BatchNormalization, layers.LayerNormalization),
)


def small(net):
    """Narrow, at 64x64 pixels, with fewer blocks; what differs between steps still differs."""
    shape = {"input_shape": (64, 64, 3), "num_classes": 7}
    repeats = tuple((n + 1) // 3 for n in net.repeats)
    return dataclasses.replace(net, repeats=repeats, filters=net.filters // 8, **shape)


def parts(model):
    """The layers of a model and of the models in it."""
    for layer in model.layers:
        yield from parts(layer) if isinstance(layer, keras.Model) else (layer,)


def counted(layer):
    """Output shape, trainable parameters, products summed up for each number of the output."""
    shape = layer.output.shape[1:]
    work = 0
    if isinstance(layer, layers.Conv2D | layers.Dense):
        work = math.prod(layer.kernel.shape[:-1]) * math.prod(shape)
    trained = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
    return shape, trained, work


def of_rows(rows):
    return Counter((r.output_shape, r.parameters, r.multiply_adds) for r in rows if r.parameters)


def built(net):
    """The net of a step, from its three kinds of block and not from `convnext.order`."""
    deep = net.norm == "layer"

    def conv(x, filters, size, stride=1, groups=1, bias=False):
        how = {"padding": "same", "groups": groups, "use_bias": bias or deep}
        return layers.Conv2D(filters, size, stride, **how)(x)

    def norm(x):
        return layers.LayerNormalization()(x) if deep else layers.BatchNormalization()(x)

    def act(x):
        return layers.Activation(net.activation)(x)

    def joined(x, fx, stride):
        if x.shape != fx.shape:
            x = norm(conv(x, fx.shape[-1], 1, stride))
        return layers.Add()([x, fx])

    def resnet_block(x, filters, stride):
        narrow, wide = filters, 4 * filters
        if net.inverted:
            narrow, wide = wide, narrow
        fx = act(norm(conv(x, narrow, 1)))
        groups = narrow if net.depthwise else 1
        fx = act(norm(conv(fx, narrow, net.kernel_size, stride, groups)))
        return act(joined(x, norm(conv(fx, wide, 1)), stride))

    def next_block(x, filters, stride):
        channels = x.shape[-1]
        fx = norm(conv(x, channels, net.kernel_size, stride, channels))
        if not net.one_activation:
            fx = act(fx)
        fx = conv(fx, 4 * filters, 1, bias=net.one_norm)
        fx = act(fx if net.one_norm else norm(fx))
        fx = conv(fx, filters, 1, bias=net.one_norm)
        x = joined(x, fx if net.one_norm else norm(fx), stride)
        return x if net.one_activation else act(x)

    image = x = keras.Input(net.input_shape)
    if net.patches:
        x = norm(conv(x, net.filters, 4, 4))
    else:
        x = layers.MaxPooling2D(3, 2, "same")(norm(conv(x, net.filters, 7, 2)))
    block = next_block if net.depthwise_first else resnet_block
    for number, repeats in enumerate(net.repeats):
        filters = net.filters << number
        halves = number > 0
        if net.separate and halves:
            x, halves = conv(norm(x), filters, 2, 2, bias=True), False
        for i in range(repeats):
            x = block(x, filters, 2 if halves and i == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(net.num_classes)(norm(x) if net.separate else x))


def test_the_start_is_resnet50_layer_by_layer():
    start = convnext.step("resnet50").net
    assert of_rows(convnext.layers(start)) == of_rows(counting.layers("resnet50-v1.5"))
    assert convnext.parameters(start) == 25_557_032
    assert convnext.multiply_adds(start) == counting.multiply_adds("resnet50-v1.5")


def test_the_end_is_kerass_convnext_layer_by_layer():
    model = keras.applications.ConvNeXtTiny(weights=None, include_preprocessing=False)
    theirs = Counter(counted(layer) for layer in parts(model) if layer.trainable_weights)
    end = convnext.STEPS[-1].net
    assert of_rows(convnext.layers(end)) == theirs
    assert convnext.parameters(end) == model.count_params() == 28_589_128
    without = convnext.step("separate").net  # the paper's last step has no layer scale
    scales = sum(r.parameters for r in convnext.layers(end) if r.kind == "LayerScale")
    assert convnext.parameters(without) == model.count_params() - scales
    assert scales == 3 * 96 + 3 * 192 + 9 * 384 + 3 * 768


@pytest.mark.parametrize("step", convnext.STEPS[:-1], ids=lambda step: step.name)
def test_a_step_is_counted_as_it_is_built(step):
    net = small(step.net)
    model, rows = built(net), convnext.layers(net)
    there = [layer for layer in model.layers if isinstance(layer, WEIGHTED)]
    assert of_rows(rows) == Counter(map(counted, there))
    ours, theirs = (
        Counter(kinds) for kinds in ([r.kind for r in rows], [type(x).__name__ for x in there])
    )
    assert {kind: ours[kind] for kind in theirs} == theirs
    acts = sum(isinstance(layer, layers.Activation) for layer in model.layers)
    stem = 0 if net.separate else 1  # the builder leaves it out, since it weighs nothing
    assert ours["ReLU"] + ours["Activation"] == acts + stem


@pytest.mark.parametrize(("name", "billions"), IN_THE_TEXT.items())
def test_work_is_what_the_text_says(name, billions):
    assert round(convnext.multiply_adds(convnext.step(name).net) / 1e9, 1) == billions


def test_what_the_paper_leaves_open_is_small():
    for step in convnext.STEPS[1:-1]:
        rows = convnext.layers(step.net)
        kernels = {r.name: r.multiply_adds // math.prod(r.output_shape[:2]) for r in rows}
        biases = [r.parameters - kernels[r.name] for r in rows if r.kind == "Conv2D"]
        norms = [r.parameters for r in rows if r.name.endswith(("proj_norm", "conv1_norm"))]
        assert sum(biases + norms) < 0.002 * convnext.parameters(step.net), step.name


def test_each_step_says_what_it_changes():
    assert [s.name for s in convnext.STEPS if not s.changes] == ["resnet50", "recipe"]
    for before, after in zip(convnext.STEPS, convnext.STEPS[1:], strict=False):
        old, new = (dataclasses.asdict(step.net) for step in (before, after))
        assert {key: new[key] for key in new if new[key] != old[key]} == dict(after.changes)
    changed = [key for step in convnext.STEPS for key in step.changes]
    assert len(changed) == len(set(changed))  # nothing is taken back


def test_the_orders_of_the_block():
    norm_act = ("norm", "act")
    bottleneck = ("1x1", *norm_act, "kxk", *norm_act, "1x1", "norm", "add", "act")
    moved_up = ("kxk", *norm_act, "1x1", *norm_act, "1x1", "norm", "add", "act")
    for name, expected in {
        "resnet50": bottleneck,
        "inverted": bottleneck,
        "kernel": moved_up,
        "activation": ("kxk", "norm", "1x1", *norm_act, "1x1", "norm", "add"),
        "norm": ("kxk", "norm", "1x1", "act", "1x1", "add"),
        "convnext_t": ("kxk", "norm", "1x1", "act", "1x1", "scale", "add"),
    }.items():
        assert convnext.order(convnext.step(name).net) == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kernel_size": 4}, "kernel_size.*odd.*4"),
        ({"norm": "group"}, "norm.*batch, layer.*group"),
        ({"activation": "swish"}, "activation.*relu, gelu.*swish"),
        ({"repeats": (3, 0, 6, 3)}, "repeats.*at least 1.*0"),
        ({"filters": 0}, "filters.*at least 1.*0"),
        ({"input_shape": (225, 224, 3)}, "input_shape.*32 divides.*225"),
        ({"depthwise_first": True}, "depthwise_first.*False without depthwise and inverted"),
        ({"one_norm": True}, "one_norm.*False without one_activation"),
        ({"separate": True}, "separate.*False without depthwise_first and patches"),
    ],
)
def test_what_no_step_has_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        convnext.Net(**changes)


def test_an_unknown_step_is_refused_with_the_names():
    with pytest.raises(ValueError, match=r"step.*resnet50.*convnext_t.*swin"):
        convnext.step("swin")
