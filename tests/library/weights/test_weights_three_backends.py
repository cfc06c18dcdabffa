"""The page on Keras' backends: its code runs, and a net takes its outputs from one to the next.

Every backend is a process of its own; TensorFlow, JAX and PyTorch are installed in it.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "book" / "backends.md").read_text("utf-8")
TRAINED = ROOT / "results" / "weights" / "cifar10-resnet20-late-drops-seed0.safetensors"
BACKENDS = ("tensorflow", "jax", "torch")
TOLERANCE = 1e-5  # of a probability; the page says it, and a claim reads it here


def code(heading, language="python"):
    """The blocks of code below a heading of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


SAVE, LOAD = code("How to take a trained network along")
(SWITCH,) = code("How to switch")
# What one process does; the first one begins with the trained net and saves it.
BEFORE = """
import json
import keras
import numpy as np
from helpers import datasets, inspection, networks, weights

data = datasets.load("shapes")
images = data.test.images[:20] - data.mean
keras.utils.set_random_seed(0)
model = networks.build("resnet20")
found = {"backend": keras.backend.backend(), "said": ""}
found["drawn"] = model.get_layer("conv1_conv").get_weights()[0].ravel().tolist()
"""
TRAIN = f"weights.load(model, {str(TRAINED)!r})\n"
TRAIN += "found['saved'] = model.predict(images, verbose=0).tolist()\n"
AFTER = """
found["answers"] = model.predict(images, verbose=0).tolist()
try:
    inspection.gradient_norms(model, images, data.test.labels[:20])
except Exception as error:
    found["said"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """{backend: what it found}, TensorFlow's first, which saves the net that all load."""
    folder, found = tmp_path_factory.mktemp("net"), {}
    # The folders of packages alone: of the library, and of where JAX and PyTorch lie.
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {name: v for name, v in os.environ.items() if name != "KERAS_BACKEND"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *packages])}
    environment |= {"HOME": str(folder)}  # no keras.json of a reader's
    for backend in BACKENDS:
        first = TRAIN + SAVE if backend == BACKENDS[0] else ""
        program = [SWITCH.replace("jax", backend), BEFORE, first, LOAD, AFTER]
        command = [sys.executable, "-c", "\n".join(program)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[backend] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_notebook_switches_as_the_page_says(found, backend):
    assert found[backend]["backend"] == backend


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_trained_net_answers_as_where_it_was_saved(found, backend):
    expected = np.array(found["tensorflow"]["saved"])
    assert np.ptp(expected, axis=0).min() > 100 * TOLERANCE  # the image matters for every class
    np.testing.assert_allclose(found[backend]["answers"], expected, rtol=0, atol=TOLERANCE)


def test_a_seed_draws_other_weights_on_each(found):
    """The page says so; on the day on which they agree it may say something better."""
    drawn = [found[backend]["drawn"] for backend in BACKENDS]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.corrcoef(drawn[one], drawn[other])[0, 1] < 0.3


def test_what_needs_tensorflow_says_it_in_the_page_s_words(found):
    (message,) = code("How to switch", "text")
    message = " ".join(message.split())
    assert found["tensorflow"]["said"] == ""
    for backend in ("jax", "torch"):
        assert found[backend]["said"] == message.replace("jax", backend)
