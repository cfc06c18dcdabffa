"""weights: nets for CIFAR-10 in both forms of option A, against PyTorch, on the processor.

Also what `torch.save` writes, read without PyTorch. Runs where PyTorch is: `make backends`.
"""

import functools

import keras
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from helpers import networks, weights
from helpers.specs import Network, Stage, Stem
from helpers.weights import pickles
from torch_cifar import Net, renamed
from torch_resnet import randomise

pytestmark = pytest.mark.backends

OWNERS = {"a-martyn": "zeros behind", "akamaster": "both sides"}
NETS = {  # filters of the stages, blocks in each, bottlenecks
    "the paper's": ((16, 32, 64), 3, False),
    "four stages, an odd number of new channels": ((4, 9, 10, 17), 2, False),
    "two stages": ((6, 20), 1, False),
    "bottlenecks": ((4, 6, 8), 2, True),
}


@functools.cache
def theirs(net, form):
    """Random weights, and moving statistics none of which is at its neutral value."""
    filters, repeats, bottleneck = NETS[net]
    return randomise(Net(filters, repeats, form, bottleneck))


def ours(net, plain=False):
    filters, repeats, bottleneck = NETS[net]
    stride = "3x3" if bottleneck else "1x1"
    block = "plain" if plain else "bottleneck" if bottleneck else "basic"
    stages = tuple(
        Stage(f"conv{i}_x", block, f, repeats, stride=1 if i == 2 else 2)
        for i, f in enumerate(filters, start=2)
    )
    stem = Stem(kernel_size=3, filters=filters[0], stride=1, max_pooling=False)
    option = None if plain else "A"
    spec = Network("net", (17, 16, 3), 10, stem, stages, option, bottleneck_stride=stride)
    return networks.build(spec, classifier_activation=None, initializer="zeros")


def compare(net, model, form):
    """The largest difference of the logits, as a share of the largest one."""
    random = np.random.default_rng(1)
    x = random.normal(size=(4, 1, 1, 3)) + random.normal(size=(4, 17, 16, 3))
    x = x.astype("float32")
    with torch.no_grad():
        expected = theirs(net, form)(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy()
    found = keras.ops.convert_to_numpy(model(x, training=False))
    return abs(found - expected).max() / abs(expected).max()


def saved(path, net, form, owner, metadata=None):
    state = {
        name: tensor.contiguous()
        for name, tensor in renamed(theirs(net, form).state_dict(), owner).items()
    }
    save_file(state, path, metadata=metadata)
    return path


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("owner", OWNERS)
def test_the_names_in_a_file_say_the_form_and_the_outputs_agree(owner, net, tmp_path):
    form, model = OWNERS[owner], ours(net)
    weights.load(model, saved(tmp_path / "net.safetensors", net, form, owner))
    assert compare(net, model, form) < 1e-4
    other = {"zeros behind": "both sides", "both sides": "zeros behind"}[form]
    assert compare(net, model, other) > 0.01  # what had come out without


@pytest.mark.parametrize("form", OWNERS.values())
@pytest.mark.parametrize("how", ["metadata", "argument"])
def test_with_torchvisions_names_the_form_must_be_said(how, form, tmp_path):
    net, model = "the paper's", ours("the paper's")
    said = {"option_a": form}
    metadata, option = (said, {}) if how == "metadata" else (None, said)
    path = saved(tmp_path / "net.safetensors", net, form, "torchvision", metadata)
    if how == "argument":
        before = model.get_weights()
        with pytest.raises(ValueError, match="does not say where its option A has the zeros"):
            weights.load(model, path)
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)
    weights.load(model, path, **option)
    assert compare(net, model, form) < 1e-4


@pytest.mark.parametrize("owner", OWNERS)
def test_a_plain_net_needs_no_form(owner, tmp_path):
    model = ours("the paper's", plain=True)
    weights.load(model, saved(tmp_path / "net.safetensors", "the paper's", "plain", owner))
    assert compare("the paper's", model, "plain") < 1e-4
    assert compare("the paper's", model, "zeros behind") > 0.01


def test_for_other_classes_all_but_the_classifier_is_renumbered(tmp_path):
    """A file's names are judged with its classifier, also where that is not wanted."""
    net, form = "the paper's", "both sides"
    model, whole = ours(net), ours(net)
    before = model.get_layer("fc").get_weights()[0]
    path = saved(tmp_path / "net.safetensors", net, form, "akamaster")
    weights.load(model, path, head=False), weights.load(whole, path)
    for old, new in zip(whole.get_weights()[:-2], model.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(new, old)
    np.testing.assert_array_equal(model.get_layer("fc").get_weights()[0], before)


# --- what torch.save writes ---------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize("checkpoint", [True, False], ids=["checkpoint", "state dict"])
def test_a_file_of_torch_save_is_read_without_it(checkpoint, zipped, tmp_path):
    state = theirs("two stages", "both sides").state_dict()
    content = {"state_dict": state, "best_prec1": torch.tensor(91.7), "epoch": 200}
    path = tmp_path / "net.th"
    torch.save(content if checkpoint else state, path, _use_new_zipfile_serialization=zipped)
    found = pickles.read(path)
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert found[name].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(found[name], tensor.numpy())
        assert not found[name].flags.writeable


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
def test_parts_of_one_storage_and_other_precisions(zipped, tmp_path):
    """A tensor may begin in the middle of a storage; what is transposed lies in no one piece."""
    row, path = torch.arange(24.0), tmp_path / "net.pt"
    kinds = {str(kind): row.to(kind) for kind in (torch.half, torch.double, torch.long)}
    parts = {"a": row[2:8].reshape(2, 3), "b": row[8:20], "none": row[:0], **kinds}
    torch.save(parts, path, _use_new_zipfile_serialization=zipped)
    for name, array in pickles.read(path).items():
        np.testing.assert_array_equal(array, parts[name].numpy())
    for wrong in (row.reshape(4, 6).T, row[:1].expand(10_000)):
        torch.save({"a": wrong}, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(ValueError, match="does not lie in one piece"):
            pickles.read(path)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize(
    ("content", "named"),
    [
        (lambda: theirs("two stages", "plain"), "torch_cifar.Net|what no file .* does: NEWOBJ"),
        (lambda: {"a": torch.zeros(2), "b": torch.nn.Parameter(torch.zeros(2))}, "parameter"),
        (lambda: {"a": torch.zeros(2, dtype=torch.bfloat16)}, "torch.BFloat16Storage"),
        (lambda: {"a": torch.zeros(2).to_sparse()}, "_rebuild_sparse_tensor"),
    ],
    ids=["a whole net", "a parameter", "bfloat16", "sparse"],
)
def test_what_is_more_than_tensors_is_refused_by_name(content, named, zipped, tmp_path):
    path = tmp_path / "net.pt"
    torch.save(content(), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=f"not read: .*({named})"):
        pickles.read(path)
