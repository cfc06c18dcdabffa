"""weights: files from the hub, against a hub on this machine; nothing leaves it."""

import hashlib
import json
import sys

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants
from test_weights import refuses

import hub_server
from helpers import networks, weights
from helpers.weights import hub as downloads
from helpers.weights import published
from torch_files import torch_arrays, write

NAME = "someone/resnet18.own_in5"
PREPARED = {  # as timm writes it into config.json
    "tag": "own_in5",
    "input_size": [3, 224, 224],
    "test_input_size": [3, 288, 288],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "test_crop_pct": 0.95,
    "crop_mode": "center",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.1, 0.2, 0.3],
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Where `huggingface_hub` asks, and where it keeps what it gets."""
    with hub_server.asked(monkeypatch, tmp_path / "cache") as server:
        yield server


@pytest.fixture(scope="module")
def arrays():
    return torch_arrays("basic", "B", None, True, (7, 64), (64, 128, 256, 512), (2, 2, 2, 2))


@pytest.fixture(scope="module")
def content(arrays, tmp_path_factory):
    """ResNet-18 for five classes."""
    return write(tmp_path_factory.mktemp("file") / "net.safetensors", arrays).read_bytes()


@pytest.fixture(scope="module")
def model():
    return networks.build("resnet18", num_classes=5, input_shape=(32, 32, 3))


def publish(hub, content, name=NAME, architecture="resnet18", prepared=PREPARED):
    configuration = {"architecture": architecture, "pretrained_cfg": prepared}
    hub.files[f"{name}/model.safetensors"] = content
    hub.files[f"{name}/config.json"] = json.dumps(configuration).encode()


def holds(model, arrays):
    kernel = model.get_layer("conv5_2_2_conv").get_weights()[0]
    np.testing.assert_array_equal(kernel.transpose(3, 2, 0, 1), arrays["layer4.1.conv2.weight"])
    np.testing.assert_array_equal(model.get_layer("fc").get_weights()[1], arrays["fc.bias"])


def test_a_repository_that_no_table_knows(hub, model, content, arrays):
    publish(hub, content)
    loaded = weights.load(model, NAME)
    holds(model, arrays)
    assert (loaded.source, loaded.verified) == (NAME, True)
    assert loaded.sha256 == hashlib.sha256(content).hexdigest()
    # timm: the test size, and the crop as a share of the resized image, 288 / 0.95 = 303.2.
    expected = weights.Preprocessing(
        (0.5, 0.4, 0.3), (0.1, 0.2, 0.3), resize=303, crop=288, interpolation="bicubic"
    )
    assert loaded.preprocessing == expected


def test_a_second_time_it_comes_from_the_disk(hub, model, content, arrays, monkeypatch):
    publish(hub, content)
    weights.load(model, NAME)
    monkeypatch.setattr(hub, "files", {})
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    fresh = networks.build("resnet18", num_classes=5, input_shape=(32, 32, 3))
    assert weights.load(fresh, NAME).verified
    holds(fresh, arrays)


def test_a_name_of_the_table_needs_no_configuration(hub, content, model, arrays, monkeypatch):
    name, source = "timm/resnet18.tv_in1k", published.get("timm/resnet18.tv_in1k")
    hub.files[f"{name}/model.safetensors"] = content
    refuses(model, name, f"must have the checksum {source.sha256}.*another file in its place")
    sha256 = hashlib.sha256(content).hexdigest()
    for named in (sha256, None):  # None: the hub's own is compared
        changed = published.on_the_hub(name, "resnet18", source.preprocessing, "", named)
        monkeypatch.setitem(published._SOURCES, name, changed)
        expected = weights.Loaded(name, source.preprocessing, sha256, verified=True)
        assert weights.load(model, name) == expected
    holds(model, arrays)
    assert not [request for request in hub.requests if "config.json" in request]


def test_a_file_of_the_table_is_known_by_its_checksum(tmp_path, content, model, monkeypatch):
    """Whoever downloads it elsewhere gets the preprocessing, too."""
    path = tmp_path / "downloaded.safetensors"
    path.write_bytes(content)
    assert weights.load(model, path).preprocessing is None
    source, sha256 = published.get("timm/resnet18.a1_in1k"), hashlib.sha256(content).hexdigest()
    known = published.on_the_hub("mine", "resnet18", source.preprocessing, "", sha256)
    monkeypatch.setitem(published._SOURCES, "mine", known)
    expected = weights.Loaded(str(path), source.preprocessing, sha256, verified=True)
    assert weights.load(model, path) == expected


def test_a_damaged_download_of_the_right_size_is_refused(hub, model, content):
    """`huggingface_hub` compares sizes; one bit more or less is no other size."""
    publish(hub, content)
    at = len(content) // 2
    hub.damage = lambda c: c[:at] + bytes([c[at] ^ 1]) + c[at + 1 :] if len(c) > 9999 else c
    sha256 = hashlib.sha256(content).hexdigest()
    message = f"model.safetensors must have the checksum {sha256}. Received: .*remove (.*) and call"
    refuses(model, NAME, message)
    with pytest.raises(ValueError, match=message) as caught:
        weights.load(model, NAME)
    assert sha256 in str(caught.value).split("remove ")[1]  # the file itself, not the link to it


def test_a_damaged_configuration_is_refused(hub, model, content):
    publish(hub, content)
    hub.damage = lambda c: c.replace(b"0.875", b"0.975")
    refuses(model, NAME, r"config\.json must have the checksum [0-9a-f]{40}\. Received")


def test_on_a_disk_without_links_the_hub_is_asked(hub, content, tmp_path, monkeypatch):
    publish(hub, content)
    copy = tmp_path / "model.safetensors"
    copy.write_bytes(content)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: str(copy))
    assert downloads.fetch(NAME, "model.safetensors").verified
    copy.write_bytes(content[:-1])
    with pytest.raises(ValueError, match="must have the checksum"):
        downloads.fetch(NAME, "model.safetensors")


@pytest.mark.parametrize(
    ("architecture", "prepared", "match"),
    [
        ("resnetaa50", PREPARED, "timm calls 'resnetaa50'.*one of resnet18, .*all arrays would"),
        ("resnet34", PREPARED, r'fits networks\.build\("resnet34"\)\. Received: resnet18, of'),
        ("resnet50", PREPARED, r'build\("resnet50", bottleneck_stride="3x3"\)\. Received'),
        ("resnet18", {**PREPARED, "crop_mode": "squash"}, "crop of mode 'squash'"),
        ("resnet18", {"mean": [0, 0, 0]}, r"`input_size`, .* as timm writes.*model\.safetensors"),
        ("resnet18", None, "must say `architecture` and `pretrained_cfg`"),
    ],
)
def test_what_the_configuration_says_is_refused_before_the_download(
    architecture, prepared, match, hub, model, content
):
    publish(hub, content, architecture=architecture, prepared=prepared)
    refuses(model, NAME, match)
    assert not [request for request in hub.requests if "safetensors" in request]


@pytest.mark.parametrize(
    "text", ['{"architectures": ["ResNetForImageClassification"]}', "[1]", "{"]
)
def test_a_configuration_that_is_not_timms(text, hub, model):
    hub.files["a/b/config.json"] = text.encode()
    refuses(model, "a/b", r"config\.json of a/b must say `architecture`.*Download model\.safe")


def test_classes_of_another_number(hub, content, arrays):
    publish(hub, content)
    other = networks.build("resnet18", num_classes=37, input_shape=(32, 32, 3))
    before = other.get_layer("fc").get_weights()
    refuses(other, NAME, r"own_in5 does not fit resnet18: fc\.weight .*\(37, 512\).*head=False")
    weights.load(other, NAME, head=False)
    np.testing.assert_array_equal(other.get_layer("fc").get_weights()[0], before[0])
    kernel = other.get_layer("conv1_conv").get_weights()[0]
    np.testing.assert_array_equal(kernel.transpose(3, 2, 0, 1), arrays["conv1.weight"])


# --- what cannot be had -------------------------------------------------------------------


def test_a_repository_that_is_not_there(hub, model, content):
    publish(hub, content)
    missing = "source='someone/nothing', which is neither a file nor a public repository"
    refuses(model, "someone/nothing", missing, FileNotFoundError)
    refuses(model, "some--one/x", "neither a file nor a public repository", FileNotFoundError)
    del hub.files[f"{NAME}/model.safetensors"]
    no_file = r"has no file model\.safetensors: see https://huggingface\.co/someone/.*/tree/main"
    refuses(model, NAME, no_file, FileNotFoundError)


def test_without_a_network(hub, model, monkeypatch):
    """The error says from where to get the file by other means, and what to do with it."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    message = (
        r"model\.safetensors of timm/resnet18\.tv_in1k is not in the cache .* Download "
        r"https://huggingface\.co/timm/resnet18\.tv_in1k/resolve/main/model\.safetensors elsewhere "
        r"and pass the path"
    )
    refuses(model, "timm/resnet18.tv_in1k", message, ConnectionError)


def test_a_connection_that_breaks(hub, model, monkeypatch):
    def breaks(*_, **__):
        raise TimeoutError("read timed out\nand much more")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", breaks)
    message = (
        r"config\.json of .* asked for it \(TimeoutError: read timed out\)\. Download https\S+"
    )
    message += r"/model\.safetensors elsewhere"  # the file that can be passed
    refuses(model, NAME, message, ConnectionError)


def test_without_the_library(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    message = r"huggingface_hub, which is not installed here: pip install .* Or: Download https"
    refuses(model, "timm/resnet18.tv_in1k", message, ImportError)
