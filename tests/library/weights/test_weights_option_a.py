"""weights: a file must say where its option A puts the zeros, or it is refused."""

import keras
import numpy as np
import pytest
from test_weights import refuses
from test_weights_files import torch_logits

from helpers import networks, weights
from helpers.weights import option_a
from torch_files import SMALL, read, small, torch_arrays, write

pytestmark = pytest.mark.backends

WITH_ZEROS = [net for net in SMALL if net[1] == "A"]
WITHOUT = [net for net in SMALL if net[1] != "A"]
UNTOLD = r"net\.safetensors does not say where its option A has the zeros.*load\(\.\.\., option_a="
FORMS = {"zeros behind": False, "both sides": True}


def metadata(net, **more):
    return {"bottleneck_stride": net[2], **more} if net[2] else more


def as_akamaster(arrays):
    """By the names of akamaster's code: the classifier is called otherwise."""
    return {name.replace("fc.", "linear."): array for name, array in arrays.items()}


def share(net, model, both_sides):
    """How far the logits are from those of the net in NumPy."""
    x = np.random.default_rng(4).normal(size=(2, 8, 9, 3)).astype("float32")
    arrays = torch_arrays(*net)
    expected = torch_logits(arrays, x.astype("float64"), net[0], net[2], both_sides)
    found = keras.ops.convert_to_numpy(model(x, training=False))
    return abs(found - expected).max() / abs(expected).max()


@pytest.mark.parametrize("net", WITH_ZEROS, ids=lambda net: net[0])
@pytest.mark.parametrize(
    ("how", "form"),
    [
        *((how, form) for how in ("metadata", "argument") for form in FORMS),
        ("names", "both sides"),  # akamaster's; a-martyn's are tried against PyTorch
    ],
)
def test_the_form_that_is_said_is_the_one_that_computes(how, form, net, tmp_path):
    model, path, arrays = small(*net), tmp_path / "net.safetensors", torch_arrays(*net)
    more, option = {}, {}
    if how == "metadata":
        more = {"option_a": form}
    elif how == "argument":
        refuses(model, write(path, arrays, metadata(net)), UNTOLD)
        option = {"option_a": form}
    else:
        arrays = as_akamaster(arrays)
    weights.load(model, write(path, arrays, metadata(net, **more)), **option)
    assert share(net, model, FORMS[form]) < 1e-5
    assert share(net, model, not FORMS[form]) > 0.01


@pytest.mark.parametrize(
    "net", [n for n in SMALL if n[1] != "A"], ids=lambda n: "-".join(map(str, n))
)
def test_a_net_without_such_zeros_need_not_say(net, tmp_path):
    path = write(tmp_path / "net.safetensors", torch_arrays(*net), metadata(net))
    weights.load(small(*net), path)
    assert not option_a.pads(small(*net))


@pytest.mark.parametrize("net", WITH_ZEROS, ids=lambda net: net[0])
def test_a_file_of_our_own_is_known(net, tmp_path):
    """Also one that was written before `save` said the form: by its name and its block."""
    model, old = small(*net), tmp_path / "old.safetensors"
    arrays, said = read(weights.save(model, tmp_path / "net.safetensors"))
    assert said.pop("option_a") == "zeros behind"
    weights.load(model, write(old, torch_arrays(*net), said))
    assert share(net, model, both_sides=False) < 1e-5
    for key in ("name", "block"):
        less = {k: v for k, v in said.items() if k != key}
        refuses(model, write(old, arrays, less), "does not say where its option A")


def test_what_contradicts_itself_or_is_no_form_is_refused(tmp_path):
    net = WITH_ZEROS[0]
    model, path = small(*net), tmp_path / "net.safetensors"
    write(path, torch_arrays(*net), {"option_a": "both sides"})
    with pytest.raises(ValueError, match="has the option A 'both sides': leave `option_a` out"):
        weights.load(model, path, option_a="zeros behind")
    for wrong in ("A", "behind", ""):
        with pytest.raises(ValueError, match="`option_a` must be one of 'zeros behind', 'both"):
            weights.load(model, path, option_a=wrong)
    write(path, torch_arrays(*net), {"option_a": "front"})
    refuses(model, path, r"`option_a` in its metadata must be one of .*Received: 'front'")


def test_the_names_of_a_fork_may_be_overruled(tmp_path):
    """Who took akamaster's names and appends the zeros says so."""
    net = WITH_ZEROS[0]
    model, path = small(*net), tmp_path / "net.safetensors"
    write(path, as_akamaster(torch_arrays(*net)))
    weights.load(model, path, option_a="zeros behind")
    assert share(net, model, both_sides=False) < 1e-5


def test_two_names_for_one_array_are_refused(tmp_path):
    net = WITH_ZEROS[0]
    arrays = as_akamaster(torch_arrays(*net))
    arrays["fc.weight"] = arrays["linear.weight"]
    path = write(tmp_path / "net.safetensors", arrays)
    refuses(small(*net), path, r"akamaster's, and two of them mean fc\.weight")


def test_the_order_of_the_channels():
    """The paper's nets: worked out by hand for 16, 32 and 64 channels."""
    model = networks.build("resnet20", initializer="zeros")
    second = [*range(8, 24), *range(8), *range(24, 32)]
    third = [*(16 + i for i in second), *range(16), *range(48, 64)]
    for name, expected in (("layer2.1.bn2.weight", second), ("layer3.0.bn2.weight", third)):
        arrays = {name: np.arange(len(expected))}
        assert option_a.with_zeros_behind(model, arrays)[name].tolist() == expected
