"""weights: the same outputs as an independent network in PyTorch, on the processor.

Runs where PyTorch is: `make backends`, with Keras on JAX and on PyTorch.
"""

import functools

import keras
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from he2015 import TABLE_1
from helpers import networks, specs, weights
from helpers.weights import files
from torch_resnet import ResNet, randomise

pytestmark = pytest.mark.backends

DEEP = {depth: {"bottleneck_stride": "3x3"} if depth >= 50 else {} for depth in TABLE_1}


@functools.cache
def net(depth, **options):
    return randomise(ResNet(depth, **options))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The weights of `net` as its users would save them."""

    @functools.cache
    def write(depth, **options):
        path = tmp_path_factory.mktemp("weights") / f"resnet{depth}.safetensors"
        save_file(net(depth, **options).state_dict(), path)
        return path

    return write


def compare(theirs, model, side, n=2):
    """The largest differences: of logits and stages as a share of the largest number of each,
    and of the logits as they are."""
    x = np.random.default_rng(side).normal(size=(n, side, side, 3)).astype("float32")
    with torch.no_grad():
        logits, stages = theirs(torch.from_numpy(x.transpose(0, 3, 1, 2)))
    expected = [logits.numpy(), *(y.numpy().transpose(0, 2, 3, 1) for y in stages)]
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    ends = [[name for name in names if name.startswith(f"conv{i}_")][-1] for i in range(2, 6)]
    inside = keras.Model(model.input, [model.output, *(model.get_layer(m).output for m in ends)])
    found = [keras.ops.convert_to_numpy(y) for y in inside(x, training=False)]
    shares = []
    for ours, reference in zip(found, expected, strict=True):
        assert ours.shape == reference.shape
        scale = abs(reference).max()
        assert reference.std() > 0.01 * scale > 0
        shares.append(abs(ours - reference).max() / scale)
    return max(shares), abs(found[0] - expected[0]).max()


@pytest.mark.parametrize("side", [64, 97])
@pytest.mark.parametrize("depth", [18, 34, 50])
def test_the_outputs_are_those_of_pytorch(depth, side, file):
    """97 is odd at every stage: padding on one side alone would show."""
    model = networks.build(
        f"resnet{depth}",
        input_shape=(side, side, 3),
        classifier_activation=None,
        initializer="zeros",
        **DEEP[depth],
    )
    loaded = weights.load(model, file(depth))
    assert loaded.preprocessing is None and not loaded.verified
    share, difference = compare(net(depth), model, side)
    assert share < 1e-4 and difference < 1e-4


@pytest.mark.parametrize(
    ("depth", "entries"), [(18, 122), (34, 218), (50, 320), (101, 626), (152, 932)]
)
def test_every_entry_of_a_state_dict_has_one_place(depth, entries):
    """As many entries as torchvision's `state_dict` has, one in six a count of batches."""
    with torch.device("meta"):
        theirs = ResNet(depth).state_dict()
    assert len(theirs) == entries
    shapes = {k: tuple(v.shape) for k, v in theirs.items() if "num_batches" not in k}
    model = networks.build(f"resnet{depth}", initializer="zeros", **DEEP[depth])
    assert {name: place.shape for name, place in files.places_of(model).items()} == shapes


SMALL = {"classes": 10, "filters": 8}


def small(depth, **changes):
    spec = specs.narrowed(specs.resolve(f"resnet{depth}", **changes), 8)
    options = {"num_classes": 10, "classifier_activation": None}
    return networks.build(spec, input_shape=(65, 65, 3), **options)


@pytest.mark.parametrize("depth", [101, 152])
def test_the_deepest_nets_narrowed(depth, file):
    model = small(depth, **DEEP[depth])
    weights.load(model, file(depth, **SMALL))
    assert compare(net(depth, **SMALL), model, 65)[0] < 1e-4


@pytest.mark.parametrize("depth", [18, 50])
def test_what_is_saved_is_read_by_pytorch(depth, file, tmp_path):
    model = small(depth, **DEEP[depth])
    weights.load(model, file(depth, **SMALL))
    theirs = ResNet(depth, **SMALL)
    theirs.load_state_dict(load_file(weights.save(model, tmp_path / "net.safetensors")))
    share, difference = compare(theirs.eval(), model, 65)
    assert share < 1e-4 and difference < 1e-4


def test_the_other_stride_would_have_been_noticed(file):
    """With the same arrays, the paper's stride gives other outputs: these tests can fail."""
    right, wrong = small(50, **DEEP[50]), small(50)
    with pytest.raises(ValueError, match=r'on the 3x3, resnet50.* on the 1x1.*="3x3"'):
        weights.load(wrong, file(50, **SMALL))
    weights.load(right, file(50, **SMALL))
    wrong.set_weights(right.get_weights())
    assert compare(net(50, **SMALL), wrong, 65)[0] > 0.01
