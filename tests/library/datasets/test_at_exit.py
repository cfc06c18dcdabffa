"""A process that ends by an error while batches are being made ends: it does not wait for ever.

Without `at_exit` photographs hang each time here, arrays by chance: three times in eight.
"""

import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[2] / "support"
ARRAYS = """
from helpers.datasets import sampling
slow(sampling.Order, "__call__")
rng = np.random.default_rng(0)
part = Split(rng.integers(0, 256, (64, 8, 8, 3), "uint8"), rng.integers(0, 10, 64))
data = Data("noise", "noise", tuple("abcdefghij"), part, part, part)
batches = datasets.training_batches(data, 8, seed=0)
"""
PHOTOGRAPHS = """
import sys
sys.path.append(sys.argv[1])
import photo_archives
from helpers.datasets.photos.tfrecords import Photographs
files = [photo_archives.encoded(np.full((30, 30, 3), 9, "uint8")) for _ in range(32)]
entries = [(f"Abyssinian_{i}.jpg", 0, file) for i, file in enumerate(files)]
photo_archives.pets(sys.argv[2], {"train": entries, "test": entries[:2]})
slow(Photographs, "read")
data = datasets.load("oxford_iiit_pet", data_dir=sys.argv[2])
batches = datasets.training_batches(data, 2, seed=0)
"""
BEGIN = """
import time
import numpy as np
from helpers import datasets
from helpers.datasets import Data, Split

def slow(kind, name):
    quick = getattr(kind, name)
    def slowly(*arguments):
        time.sleep(0.3)
        return quick(*arguments)
    setattr(kind, name, slowly)
"""
END = """
iterator = iter(batches)
next(iterator)
raise ValueError("while the next batches are made")
"""


@pytest.mark.parametrize("made", [ARRAYS, PHOTOGRAPHS], ids=["arrays", "photographs"])
def test_an_error_ends_the_process(made, tmp_path):
    words = [sys.executable, "-c", BEGIN + made + END, str(SUPPORT), str(tmp_path)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert ended.stderr.rstrip().endswith("while the next batches are made"), ended.stderr
    assert ended.returncode == 1
