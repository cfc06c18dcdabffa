"""counting: every net three ways; from its spec, by hand from the paper's table, and as built."""

import dataclasses
import itertools
import math

import keras
import pytest

import he2015
from helpers import counting, networks, specs

pytestmark = pytest.mark.quick

# (network, option, stride of the bottlenecks); None is the network's own. ResNet-1202 is
# counted without building it. Those that came after 2015: test_counting_later.py.
NETS = [
    *((name, None, None) for name in specs.OF_2015 if name != "resnet1202"),
    *(("resnet20", option, None) for option in "BC"),
    *(("resnet34", option, None) for option in "AC"),
    ("resnet18", "C", None),
    ("resnet50", "A", None),
    ("resnet50", "C", "3x3"),
    ("resnet50", None, "3x3"),
]
LARGE = ("resnet101", "resnet152", "vgg16", "vgg19")  # narrow: test_counting_narrowed.py
IN_KERAS = {
    "resnet50": keras.applications.ResNet50,
    "resnet101": keras.applications.ResNet101,
    "resnet152": keras.applications.ResNet152,
    "vgg16": keras.applications.VGG16,
    "vgg19": keras.applications.VGG19,
}


@pytest.fixture(scope="module")
def quickly():
    """Models are built to be counted: nobody looks at their weights, so these are zeros."""
    with pytest.MonkeyPatch.context() as patch:
        zeros = keras.initializers.Zeros()
        random = keras.initializers.VarianceScaling  # He's and Glorot's are kinds of it
        patch.setattr(random, "__call__", lambda _, shape, dtype=None, **__: zeros(shape, dtype))
        yield


def large(nets):
    """As parameters, the largest with the mark that leaves them out of most runs."""
    marks = [[pytest.mark.large] * (net in LARGE or net[0] in LARGE) for net in nets]
    return [pytest.param(net, marks=mark) for net, mark in zip(nets, marks, strict=True)]


@pytest.fixture(
    scope="module", params=large(NETS), ids=lambda n: "-".join(map(str, filter(None, n)))
)
def net(request, quickly):
    """A spec and its model, one at a time: together they would need gigabytes."""
    name, option, stride = request.param
    spec = specs.resolve(name, shortcut=option, bottleneck_stride=stride)
    return spec, networks.build(name, shortcut=option, bottleneck_stride=stride)


def trainable(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def kept(model):
    return sum(math.prod(weight.shape) for weight in model.non_trainable_weights)


def work(model):
    """Multiply-adds from kernel and output shapes: each output number is a sum of products."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            products = math.prod(layer.kernel.shape[:-1])
            total += products * math.prod(layer.output.shape[1:])
    return total


def by_hand(spec):
    name = spec.name.split("-")[0]
    if name.startswith("vgg"):
        return he2015.vgg_by_hand(name)[:3]
    return he2015.by_hand(name, spec.shortcut, v1_5=spec.bottleneck_stride == "3x3")


def test_three_counts_are_one(net):
    spec, model = net
    counted = (
        counting.parameters(spec),
        counting.moving_statistics(spec),
        counting.multiply_adds(spec),
    )
    assert counted == (trainable(model), kept(model), work(model)) == by_hand(spec)
    assert model.count_params() == counted[0] + counted[1]
    assert model.name == spec.name


def test_stages_have_the_shapes_of_table_1(net):
    spec, model = net
    expected = he2015.maps_of_table_1(spec.name.split("-")[0])
    totals = counting.by_stage(spec)
    assert [total.output_shape for total in totals] == expected
    names = [] if spec.stem is None else ["conv1"]
    assert [t.name for t in totals] == [*names, *(s.name for s in spec.stages), "fc"]
    # In the model: behind the stem's ReLU, each stage's last block or pooling, the classifier.
    ends = [] if spec.stem is None else ["conv1_relu"]
    for number, stage in enumerate(spec.stages, start=1):
        last = f"{stage.name.removesuffix('x')}{stage.repeats}"
        plain = stage.block == "plain"
        ends.append(f"pool{number}" if stage.pooling else f"{last}{'_2' * plain}_relu")
    shapes = [model.get_layer(name).output.shape[1:] for name in [*ends, "fc"]]
    assert shapes == expected
    assert model.input_shape == (None, *spec.input_shape)


def test_every_row_is_a_layer_of_the_built_model(net):
    spec, model = net
    rows = {row.name: row for row in counting.layers(spec)}
    built_layers = {layer.name: layer for layer in model.layers[1:]}  # the first is the input
    assert set(rows) == set(built_layers)
    for key, layer in built_layers.items():
        row = rows[key]
        assert row.kind == type(layer).__name__
        assert row.output_shape == layer.output.shape[1:], key
        assert row.parameters == sum(math.prod(w.shape) for w in layer.trainable_weights), key
        assert row.moving_statistics == kept(layer), key
        window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        expected = (window[0], layer.strides[0]) if window else (None, None)
        assert (row.kernel_size, row.stride) == expected, key


def test_rows_stand_in_an_order_in_which_the_model_can_be_run(net):
    """Every layer after those that it takes its input from."""
    spec, model = net
    place = {row.name: i for i, row in enumerate(counting.layers(spec))}
    for layer in model.layers[1:]:
        for source in layer._inbound_nodes[0].parent_nodes:
            came_from = source.operation.name
            assert came_from == "image" or place[came_from] < place[layer.name], layer.name


@pytest.mark.parametrize("name", large(IN_KERAS))
def test_keras_counts_the_same_but_for_its_biases(name, quickly):
    """Its ResNets keep a bias for every convolution, which batch normalization makes redundant."""
    theirs = IN_KERAS[name](weights=None)
    biases = sum(
        math.prod(layer.bias.shape)
        for layer in theirs.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    redundant = 0 if name.startswith("vgg") else biases
    assert counting.parameters(name) == trainable(theirs) - redundant
    assert counting.moving_statistics(name) == kept(theirs)
    assert counting.multiply_adds(name) == work(theirs)
    if name == "resnet50":
        assert (biases, theirs.count_params()) == (26_560, 25_636_712)


# --- what the paper prints --------------------------------------------------------


@pytest.mark.parametrize(("name", "option"), he2015.IMAGENET)
def test_imagenet_nets_have_the_papers_numbers(name, option):
    parameters, statistics, multiply_adds, printed = he2015.IMAGENET[name, option]
    assert counting.parameters(name, shortcut=option) == parameters
    counted = counting.multiply_adds(name, shortcut=option)
    assert he2015.agrees(counted, multiply_adds)
    if name != "vgg16":  # printed without its fully connected layers, as the next test shows
        assert counted == pytest.approx(printed, abs=0.07e9)
    if statistics is not None:
        assert counting.moving_statistics(name, shortcut=option) == statistics


@pytest.mark.parametrize("name", he2015.VGG_CONVOLUTIONS)
def test_vgg_without_its_fully_connected_layers(name):
    convolutions = sum(t.multiply_adds for t in counting.by_stage(name) if t.name != "fc")
    assert convolutions == he2015.vgg_by_hand(name)[3]
    assert he2015.agrees(convolutions, he2015.VGG_CONVOLUTIONS[name])
    assert convolutions == pytest.approx(15.3e9 if name == "vgg16" else 19.6e9, abs=0.1e9)


@pytest.mark.parametrize("name", he2015.V1_5)
def test_the_stride_on_the_3x3_costs_more_work_and_no_parameters(name):
    v1_5 = {"bottleneck_stride": "3x3"}
    assert he2015.agrees(counting.multiply_adds(name, **v1_5), he2015.V1_5[name])
    assert counting.parameters(name, **v1_5) == counting.parameters(name)


def test_resnet_34_has_18_per_cent_of_the_work_of_vgg_19():
    share = counting.multiply_adds("resnet34") / counting.multiply_adds("vgg19")
    assert share == pytest.approx(0.18, abs=0.01)


@pytest.mark.parametrize("name", he2015.SHARES)
def test_shares_of_the_stages(name):
    totals = counting.by_stage(name)
    whole = counting.multiply_adds(name)
    assert sum(total.multiply_adds for total in totals) == whole
    for total, share in zip(totals, he2015.SHARES[name].split(), strict=False):
        assert he2015.agrees(100 * total.multiply_adds / whole, share), total.name
    assert totals[-1].name == "fc"
    assert totals[-1].multiply_adds < 0.001 * whole


@pytest.mark.parametrize(
    ("quantity", "total"),
    [
        ("parameters", counting.parameters),
        ("multiply_adds", counting.multiply_adds),
    ],
)
@pytest.mark.parametrize("name", ["resnet50", "vgg16", "plain20"])
def test_the_stages_make_up_the_network(name, quantity, total):
    assert sum(getattr(stage, quantity) for stage in counting.by_stage(name)) == total(name)


@pytest.mark.parametrize("depth", he2015.CIFAR10)
def test_cifar_nets_have_the_papers_numbers(depth):
    plain, option_b, multiply_adds = he2015.CIFAR10[depth]
    for name in [f"resnet{depth}"] + ([f"plain{depth}"] if depth != 1202 else []):
        counted = counting.parameters(name), counting.moving_statistics(name)
        assert counted == (plain, he2015.by_hand(name)[1])
        assert counting.multiply_adds(name) == he2015.by_hand(name)[2]
        assert he2015.agrees(counting.multiply_adds(name), multiply_adds)
    assert counting.parameters(f"resnet{depth}", shortcut="B") == option_b
    assert he2015.by_hand(f"resnet{depth}", "B")[0] == option_b


# --- parts ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_options_differ_by_their_projections(name):
    """A to B: three projections; B to C: one more for every identity shortcut."""
    filters = (64, 128, 256, 512)
    projections = sum(i * o + 2 * o for i, o in itertools.pairwise(filters))
    blocks = he2015.TABLE_1[specs.get(name).depth]
    # In conv2_x every shortcut is an identity, in the other stages all but the first.
    identities = zip(filters, (blocks[0], *(n - 1 for n in blocks[1:])), strict=True)
    a, b, c = (counting.parameters(name, shortcut=option) for option in "ABC")
    assert (b - a, c - b) == (projections, sum(n * (f * f + 2 * f) for f, n in identities))
    assert counting.parameters(name.replace("resnet", "plain")) == a


def test_the_bottleneck_by_hand():
    """69,632 weights for 256-64-64-256; two 3x3 at 64 have 73,728, at 256 have 1,179,648."""

    def kernels(name, block):
        rows = counting.layers(name)
        return sum(r.parameters for r in rows if r.name.startswith(block) and r.kind == "Conv2D")

    assert kernels("resnet50", "conv2_2_") == 256 * 64 + 9 * 64 * 64 + 64 * 256 == 69_632
    assert kernels("resnet34", "conv2_2_") == 73_728
    assert kernels("resnet34", "conv4_2_") == 1_179_648
    projections = {r.name: r for r in counting.layers("resnet50", shortcut="C")}
    with_projection = 69_632 + projections["conv2_2_proj_conv"].parameters
    assert with_projection / 69_632 == pytest.approx(1.94, abs=0.005)
    # conv2_1 projects although its stride is 1: its channels differ.
    rows = {row.name: row for row in counting.layers("resnet50")}
    assert rows["conv2_1_proj_conv"].parameters == 64 * 256
    assert rows["conv2_1_proj_conv"].stride == 1
    assert "conv2_2_proj_conv" not in rows


def test_a_block_by_hand():
    """conv3_1 of ResNet-34: 3 x 3 x 64 x 128 weights on 28 x 28 positions, and so on."""
    rows = {row.name: row for row in counting.layers("resnet34")}
    first, projection = rows["conv3_1_1_conv"], rows["conv3_1_proj_conv"]
    assert first.output_shape == (28, 28, 128)
    assert first.parameters == 9 * 64 * 128
    assert first.multiply_adds == 9 * 64 * 128 * 28 * 28
    assert projection.parameters == 64 * 128
    assert projection.multiply_adds == 64 * 128 * 28 * 28
    assert (rows["conv3_1_1_bn"].parameters, rows["conv3_1_1_bn"].moving_statistics) == (256, 256)
    assert rows["fc"].parameters == 512 * 1000 + 1000
    assert rows["fc"].multiply_adds == 512 * 1000


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *(("resnet18", {"shortcut": option}) for option in "ABC"),
        *(("resnet50", {"bottleneck_stride": stride}) for stride in ("1x1", "3x3")),
        ("vgg16", {}),
    ],
)
def test_odd_sizes_without_batch_norm(name, changes):
    spec = specs.resolve(name, input_shape=(75, 50, 1), num_classes=3, **changes)
    spec = dataclasses.replace(specs.narrowed(spec, 4), batch_norm=False)
    spec = dataclasses.replace(spec, hidden=(7, 5) if spec.hidden else ())
    model = networks.build(spec)
    assert counting.parameters(spec) == trainable(model) == model.count_params()
    assert counting.moving_statistics(spec) == 0
    assert counting.multiply_adds(spec) == work(model)
    shapes = {row.name: row.output_shape for row in counting.layers(spec)}
    assert shapes == {layer.name: layer.output.shape[1:] for layer in model.layers[1:]}
