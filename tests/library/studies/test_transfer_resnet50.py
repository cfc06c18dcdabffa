"""Chapter 6 with ResNet-50 and all 37 breeds: its notebook, run whole with FULL = True.

What is published stands for itself in nothing but the numbers: a ResNet-50 of random weights, with
an eighth of the filters, in a file of torchvision's names, comes from a hub on this machine; and
each of the 37 breeds has four photographs, of one grey each.
"""

import dataclasses
import hashlib
import re

import keras
import nbformat
import numpy as np
import pytest

import hub_server
import photo_archives
from helpers import networks, specs, weights
from helpers.datasets import tfds_folders
from helpers.datasets.photos import catalogue
from helpers.specs import catalogue as nets
from helpers.studies import transfer
from helpers.weights import published
from photo_archives import encoded, plain

NAME = "timm/resnet50.tv_in1k"
NOTEBOOK, PAGE = "notebooks/06-transfer.ipynb", "book/06-transfer.md"


@pytest.fixture
def narrow(monkeypatch):
    """`resnet50` with 8 filters in its first stage, for whoever asks for it by name."""
    spec = specs.narrowed(specs.get("resnet50"), 8)
    monkeypatch.setitem(nets._NETWORKS, "resnet50", spec)
    return spec


@pytest.fixture
def published_file(narrow, tmp_path, monkeypatch):
    """It on the hub, for 1,000 classes. Returns its model."""
    keras.utils.set_random_seed(7)
    model = networks.build("resnet50", bottleneck_stride="3x3")
    for layer in model.layers:  # as in a trained net x stays of one size, though nothing is learned
        if layer.name.endswith("_3_bn"):
            layer.gamma.assign(0.1 * layer.gamma)
    content = weights.save(model, tmp_path / "model.safetensors").read_bytes()
    source = dataclasses.replace(weights.get(NAME), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(published._SOURCES, NAME, source)
    with hub_server.asked(monkeypatch, tmp_path / "cache") as hub:
        hub.files[f"{NAME}/model.safetensors"] = content
        yield model


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """37 breeds, three photographs of each for training and validation, one for the test."""
    monkeypatch.setattr(catalogue, "PETS", dataclasses.replace(catalogue.PETS, held_out=1))
    splits = {
        split: [
            (f"breed{label}_{i}.jpg", label, encoded(plain(6 * label + i, 240, 240)))
            for label in range(37)
            for i in range(first, first + n)
        ]
        for split, first, n in (("train", 1, 3), ("test", 4, 1))
    }
    photo_archives.pets(tmp_path / "data", splits)
    prepared = tfds_folders.prepared  # TensorFlow Datasets has read TFDS_DATA_DIR long ago
    monkeypatch.setattr(tfds_folders, "prepared", lambda name, _: prepared(name, tmp_path / "data"))


def cells(root):
    """The code of the notebook, with ResNet-50 chosen and one epoch in place of twelve."""
    stored = nbformat.read(root / NOTEBOOK, as_version=4)
    code = "\0".join(cell.source for cell in stored.cells if cell.cell_type == "code")
    for old, new in (("FULL = False", "FULL = True"), ("EPOCHS = 12 if", "EPOCHS = 1 if")):
        assert code.count(old) == 1
        code = code.replace(old, new)
    return code.split("\0")


def test_the_lines_of_the_page_run_with_resnet50_and_37_breeds(
    published_file, photographs, pytestconfig
):
    text = (pytestconfig.rootpath / PAGE).read_text("utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    here = {}
    exec(compile(lines, PAGE, "exec"), here)
    model = here["model"]
    for name in ("conv1_conv", "conv5_3_3_conv"):
        ours, theirs = (m.get_layer(name).get_weights()[0] for m in (model, published_file))
        np.testing.assert_array_equal(ours, theirs)
    assert here["kernel"].shape == (256, 37)
    x, y = here["x"], here["y"]
    np.testing.assert_array_equal(np.sort(y), range(37))
    answers = (x @ here["kernel"] + here["bias"]).argmax(axis=1)
    assert here["error"] == np.mean(answers != y) < 0.9  # a guess is wrong for 97 %


def test_the_notebook_runs_with_resnet50_and_37_breeds(
    published_file, photographs, book_records, pytestconfig, monkeypatch, capsys
):
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    # Random features of 74 grey squares part them only with a large head, and its gradients are.
    monkeypatch.setitem(transfer.FINE, "rate", 1e-7)
    monkeypatch.delenv("RESNET_BOOK_PHOTOGRAPHS", raising=False)
    here = {}
    for cell in cells(pytestconfig.rootpath):
        exec(compile(cell, NOTEBOOK, "exec"), here)
    plt.close("all")
    printed = capsys.readouterr().out
    assert "So it is:" in printed or "It is not so:" in printed  # `shows` asserts nothing here
    assert "Photographs: from Oxford-IIIT Pet" in printed
    frozen, pets = here["frozen"], here["pets"]
    assert (pets.num_classes, frozen.input_shape) == (37, (None, 224, 224, 3))
    ours = {layer.name: layer for layer in frozen.layers if layer.name != "fc"}
    for layer in published_file.layers:  # all but the head is the file's
        if layer.weights and layer.name != "fc":
            for one, other in zip(layer.get_weights(), ours[layer.name].get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)
    # The head is what a softmax regression on the features of this net learns.
    x, y = transfer.features(frozen, pets, "train")
    assert x.shape == (74, 256)
    expected = transfer.linear_head(x, y, 37)
    for one, other in zip(frozen.get_layer("fc").get_weights(), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    tuned = here["tuned"].get_layer("conv5_3_3_conv").get_weights()[0]
    assert abs(tuned - published_file.get_layer("conv5_3_3_conv").get_weights()[0]).max() > 0
    assert here["matrix"].shape == (37, 37) and here["matrix"].sum() == 37
