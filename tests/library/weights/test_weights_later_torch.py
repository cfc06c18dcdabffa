"""weights: nets of after 2015 by timm's names, their outputs those of nets in PyTorch.

Runs where PyTorch is: `make backends`, with Keras on JAX and on PyTorch.
"""

import dataclasses
import functools

import keras
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers import networks, specs, weights
from helpers.weights import files
from torch_later import Later, Preactivated, randomise

pytestmark = pytest.mark.backends

REPEATS, STEM, CLASSES = (1, 2, 1, 1), 8, 10
DEEP = {"deep": True}
NETS = {  # our name: filters of the first stage, the net in PyTorch
    "resnet50c": (8, functools.partial(Later, **DEEP)),
    "resnet50d": (8, functools.partial(Later, **DEEP, pooled=True)),
    "seresnet50": (8, functools.partial(Later, squeeze=16)),
    "resnext50_32x4d": (32, functools.partial(Later, groups=32, expansion=2)),
    "preresnet50-v1.5": (8, Preactivated),
}
# trainable parameters that timm prints for the nets as they are, and entries of a state_dict
PUBLISHED = {
    "resnet50c": (25_576_264, 332),
    "resnet50d": (25_576_264, 332),
    "seresnet50": (28_088_024, 384),
    "resnext50_32x4d": (25_028_904, 320),
    "preresnet50-v1.5": (25_549_352, 300),
}


@functools.cache
def theirs(name):
    filters, net = NETS[name]
    return randomise(net(STEM, filters, REPEATS, CLASSES))


@functools.cache
def model(name, side=33):
    """Ours of the same size: two stages too few would hide no stride."""
    spec = specs.narrowed(specs.get(name), NETS[name][0])
    stages = tuple(
        dataclasses.replace(stage, repeats=n) for stage, n in zip(spec.stages, REPEATS, strict=True)
    )
    stem = dataclasses.replace(spec.stem, filters=STEM)
    spec = dataclasses.replace(spec, stem=stem, stages=stages, num_classes=CLASSES)
    how = {"initializer": "zeros", "classifier_activation": None}
    return networks.build(spec, input_shape=(side, side, 3), **how)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The weights of `theirs` as its users would save them."""

    @functools.cache
    def write(name):
        path = tmp_path_factory.mktemp("weights") / f"{name}.safetensors"
        save_file(theirs(name).state_dict(), path)
        return path

    return write


def outputs(net, x):
    with torch.no_grad():
        return net(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy()


def images(side):
    return np.random.default_rng(side).normal(size=(2, side, side, 3)).astype("float32")


@pytest.mark.parametrize("side", [33, 64])
@pytest.mark.parametrize("name", NETS)
def test_the_outputs_are_those_of_pytorch(name, side, file):
    """33 is odd at every stage: padding and pooling at the border would show."""
    x, net = images(side), model(name, side)
    weights.load(net, file(name))
    expected = outputs(theirs(name), x)
    found = keras.ops.convert_to_numpy(net(x, training=False))
    assert expected.std() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-4 * abs(expected).max())


@pytest.mark.parametrize("name", NETS)
def test_what_is_saved_is_what_was_loaded(name, file, tmp_path):
    net = model(name)
    weights.load(net, file(name))
    saved = load_file(weights.save(net, tmp_path / "net.safetensors"))
    expected = {k: v for k, v in load_file(file(name)).items() if "num_batches" not in k}
    assert list(saved) == sorted(expected)
    assert all(torch.equal(saved[key], expected[key]) for key in expected)
    before = net.get_weights()
    net.set_weights([np.zeros_like(array) for array in before])
    weights.load(net, tmp_path / "net.safetensors")
    for found, array in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("name", NETS)
def test_every_entry_of_a_state_dict_has_one_place(name):
    """In number and in size as timm has them; a sixth or less are counts of batches."""
    filters = 128 if name.startswith("resnext") else 64
    with torch.device("meta"):
        entries = NETS[name][1](64, filters, (3, 4, 6, 3), 1000)
    trained = sum(parameter.numel() for parameter in entries.parameters())
    entries = entries.state_dict()
    assert (trained, len(entries)) == PUBLISHED[name]
    shapes = {k: tuple(v.shape) for k, v in entries.items() if "num_batches" not in k}
    ours = networks.build(name, initializer="zeros", input_shape=(32, 32, 3))
    assert {key: place.shape for key, place in files.places_of(ours).items()} == shapes


def test_a_head_of_ones_own_is_left(file):
    net = model("preresnet50-v1.5")
    weights.load(net, file("preresnet50-v1.5"))
    head = net.get_layer("fc")
    head.set_weights([np.ones_like(array) for array in head.get_weights()])
    weights.load(net, file("preresnet50-v1.5"), head=False)
    assert all((array == 1).all() for array in head.get_weights())


@pytest.mark.parametrize(
    ("source", "into", "fault"),
    [
        ("resnet50c", "resnet50d", "The source has no pooled shortcut"),
        ("resnet50d", "resnet50c", "The source has a pooled shortcut"),
        ("seresnet50", "preresnet50-v1.5", "has no stem.conv.weight"),
        ("preresnet50-v1.5", "seresnet50", "has no conv1.weight.*it has head.fc.bias"),
        ("seresnet50", "resnet50c", "it has conv1.weight, layer1.0.se.fc1"),
    ],
)
def test_another_net_is_refused(source, into, fault, file):
    net = model(into)
    before = [array.copy() for array in net.get_weights()]
    with pytest.raises(ValueError, match=f"does not fit {net.name}.*{fault}"):
        weights.load(net, file(source))
    for found, array in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, array)


def test_a_net_of_bit_is_refused_with_its_reason(tmp_path):
    """Pre-activation with group normalization: gamma and beta have no statistics."""
    arrays = theirs("preresnet50-v1.5").state_dict()
    arrays = {k: v for k, v in arrays.items() if "running" not in k and "batches" not in k}
    save_file(arrays, tmp_path / "bit.safetensors")
    with pytest.raises(ValueError, match=r"as BiT's are, with group normalization.*preresnet50"):
        weights.load(model("preresnet50-v1.5"), tmp_path / "bit.safetensors")
