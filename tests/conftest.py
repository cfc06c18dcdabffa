"""Fixtures that several files share: small images, a small network, a private results folder."""

import errno
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import functools
import sys
from pathlib import Path

import pytest

import cifar10_archives
import helpers  # noqa: F401  before Keras: it asks for TensorFlow's fast kernels
from needed import missing
from small_images import coloured

MARKS = {
    "backends": "runs on JAX and PyTorch, too: `make backends`",
    "jax": "starts processes that train on JAX: `make backends`, once",
    "one_backend": "says nothing more on a second backend, or is about TensorFlow; "
    "`make backends` leaves it out",
    "large": "builds nets of the largest sizes; narrow ones stay in every run: `make test-large`",
    "quick": "runs in minutes and on every system: `make test-quick`, `make check`",
}
if also := os.environ.get("RESNET_BOOK_ALSO"):
    sys.path.append(also)
# The assignments' tests run in an environment of their own, from where this file is not read.
collect_ignore = ["assignments"]


def pytest_ignore_collect(collection_path):
    return bool(missing(collection_path)) or None


def pytest_configure(config):
    for name, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_report_header():
    lines = [f"Keras' backend: {os.environ.get('KERAS_BACKEND', 'not chosen by KERAS_BACKEND')}"]
    left_out = {}
    for path in sorted(Path(__file__).parent.glob("*/**/test_*.py")):
        left_out.setdefault(", ".join(missing(path)), []).append(path.name)
    left_out.pop("")
    for packages, names in left_out.items():
        lines.append(f"Left to `make backends`, no {packages} here: {', '.join(names)}")
    return lines


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path_factory, monkeypatch):
    """No test reads or writes the book's records, or depends on the reader's choice of images."""
    monkeypatch.setenv("RESNET_BOOK_RESULTS", str(tmp_path_factory.mktemp("results")))
    monkeypatch.delenv("RESNET_BOOK_DATA", raising=False)


@pytest.fixture(autouse=True)
def _same_draws():
    """What a test leaves to chance is the same every time: RESNET_BOOK_SEED=1 tries others.

    A weight drawn without a seed once failed a test in one run of some hundred.
    """
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(int(os.environ.get("RESNET_BOOK_SEED", 0)))


@pytest.fixture
def book_records(_own_surroundings, monkeypatch):
    """For tests of the book's own records, pictures and pages."""
    monkeypatch.delenv("RESNET_BOOK_RESULTS")


@pytest.fixture(scope="session")
def built():
    """`networks.build`, each model once: for tests that do not change it."""
    from helpers import networks

    return functools.cache(lambda name, shortcut=None: networks.build(name, shortcut=shortcut))


@pytest.fixture(scope="session")
def tiny_data():
    """200, 40 and 48 images of 8x8 pixels in four classes."""
    from helpers.datasets import Data, Split

    train, validation, test = (Split(*coloured(n, 8, seed)) for seed, n in enumerate((200, 40, 48)))
    return Data("tiny", "tiny (noise)", ("red", "green", "blue", "grey"), train, validation, test)


@pytest.fixture(scope="session")
def tiny_spec():
    """Two basic blocks, the second with stride 2: six weighted layers."""
    from helpers.specs import Network, Stage, Stem

    return Network(
        name="tiny6",
        input_shape=(8, 8, 3),
        num_classes=4,
        stem=Stem(kernel_size=3, filters=4, stride=1, max_pooling=False),
        stages=(Stage("conv2_x", "basic", 4, 1, 1), Stage("conv3_x", "basic", 8, 1, 2)),
        shortcut="A",
    )


@pytest.fixture(scope="session")
def larger_data():
    """160, 20 and 24 images of 24x24 pixels in the same four classes."""
    from helpers.datasets import Data, Split

    parts = (Split(*coloured(n, 24, seed)) for seed, n in enumerate((160, 20, 24)))
    return Data("tiny", "tiny (noise)", ("red", "green", "blue", "grey"), *parts)


@pytest.fixture
def small(monkeypatch, tiny_spec):
    """`shapes` and a network `tiny6` of a size that trains in a moment."""
    from helpers import datasets, specs

    parts = [datasets.Split(*coloured(n, 8, seed)) for seed, n in enumerate((160, 16, 16))]
    data = datasets.Data("shapes", "small shapes", ("a", "b", "c", "d"), *parts)
    monkeypatch.setitem(datasets.LOADERS, "shapes", lambda _: data)
    monkeypatch.setitem(datasets.TRAINING_IMAGES, "shapes", 160)
    monkeypatch.setitem(specs._NETWORKS, "tiny6", tiny_spec)
    return data


@pytest.fixture
def full_disk(monkeypatch):
    """The disk has no room for what `whole.written` is given to write."""
    from helpers.support import whole

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whole, "_on_disk", full)


@pytest.fixture
def cifar10_archive():
    """Writes a small CIFAR-10 in TensorFlow Datasets' layout; returns {id: (image, label)}."""
    return cifar10_archives.write
