"""weights: a published file of PyTorch's is opened if its checksum is the known one, or never."""

import dataclasses
import hashlib

import keras
import numpy as np
import pytest
from test_weights import refuses
from test_weights_files import torch_logits
from test_weights_pickles import state_dict, stream, tensor

import hub_server
from helpers import networks, weights
from helpers.weights import addresses, pickles, published
from torch_files import BASIC, small, torch_arrays


@pytest.fixture(scope="module")
def content():
    """A net of `torch_files` as `akamaster` would publish it: inside DataParallel."""
    arrays = torch_arrays("basic", "A", None, True)
    names = {n: f"module.{n.replace('fc.', 'linear.')}" for n in arrays}
    storages = {str(i): array for i, array in enumerate(arrays.values())}
    entries = {names[n]: tensor(i, arrays[n]) for i, n in enumerate(arrays)}
    return stream(state_dict(entries), storages)


@pytest.fixture
def source(content, monkeypatch):
    """An entry of the table for it, and a small net in the place of ResNet-20."""
    known = published.Source(
        "akamaster/small",
        "resnet20",
        weights.get("akamaster/resnet20").preprocessing,
        "",
        hashlib.sha256(content).hexdigest(),
        url="http://127.0.0.1:1/net.th",
        option_a="both sides",
    )
    monkeypatch.setitem(published._SOURCES, known.name, known)
    monkeypatch.setattr("helpers.weights.loading._check_network", lambda *_: None)
    return known


@pytest.fixture
def opened(monkeypatch):
    """The pickles that were opened."""
    found, read = [], pickles.read
    monkeypatch.setattr(pickles, "read", lambda path: found.append(path) or read(path))
    return found


def computes(model):
    """The net that it should be, in NumPy: zeros on both sides."""
    x = np.random.default_rng(4).normal(size=(2, 8, 9, 3)).astype("float32")
    arrays = torch_arrays("basic", "A", None, True)
    expected = torch_logits(arrays, x.astype("float64"), "basic", None, both_sides=True)
    found = keras.ops.convert_to_numpy(model(x, training=False))
    return abs(found - expected).max() < 1e-4 * abs(expected).max()


def test_at_hand_it_is_opened_only_with_its_checksum(
    source, content, opened, tmp_path, monkeypatch
):
    monkeypatch.setenv(addresses.AT_HAND, str(tmp_path))
    model, path = small("basic", "A", None, True), tmp_path / "akamaster" / "net.th"
    refuses(
        model, source.name, "was expected as .*net.th or .*small.safetensors", FileNotFoundError
    )
    path.parent.mkdir()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    refuses(model, source.name, f"must have the checksum {source.sha256}")
    refuses(model, path, r"its name ends in \.th.*weights_only=True")  # as any other pickle
    assert not opened
    path.write_bytes(content)
    for name in (source.name, path):
        model.set_weights([0 * w for w in model.get_weights()])
        loaded = weights.load(model, name)
        assert loaded == weights.Loaded(str(name), source.preprocessing, source.sha256, True)
        assert computes(model)
    assert opened == [path, path]
    message = "has the option A 'both sides': leave `option_a` out"
    with pytest.raises(ValueError, match=message):
        weights.load(model, source.name, option_a="zeros behind")


def test_it_is_fetched_once_and_a_damaged_one_is_never_opened(
    source, content, opened, tmp_path, monkeypatch
):
    monkeypatch.delenv(addresses.AT_HAND, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(addresses, "_CACHE", str(tmp_path))  # an absolute path stays as it is
    model = small("basic", "A", None, True)
    with hub_server.running() as server:
        address = f"{server.address}/stored/user/name/net.th"
        there = dataclasses.replace(source, url=address)
        monkeypatch.setitem(published._SOURCES, source.name, there)
        refuses(model, source.name, "could not be fetched .*FOLDER/akamaster/", ConnectionError)
        server.files["user/name/net.th"] = content
        server.damage = lambda sent: sent[:-1] + b"?"
        refuses(model, source.name, f"must have the checksum {source.sha256}")
        assert not opened
        server.damage = lambda sent: sent
        assert weights.load(model, source.name).verified
        assert computes(model)
        asked = len(server.requests)
        assert weights.load(model, source.name).verified and len(server.requests) == asked
        (kept,) = (tmp_path / "akamaster").iterdir()
        kept.write_bytes(content + b"x")  # what lies in the cache is compared, too
        assert weights.load(model, source.name).verified and len(server.requests) > asked


def test_a_plain_net_does_not_pass_for_the_residual_one(monkeypatch, tmp_path):
    """Same layers, same shapes: refused before anything is fetched."""
    monkeypatch.setenv(addresses.AT_HAND, str(tmp_path))
    for name, other in (("a-martyn/plainnet20", "resnet20"), ("akamaster/resnet20", "plain20")):
        model = networks.build(other, initializer="zeros")
        refuses(model, name, "whose blocks are .*the arrays would fit and the outputs be wrong")
    refuses(small(*BASIC), "akamaster/resnet32", r'fits networks\.build\("resnet32"\)')
