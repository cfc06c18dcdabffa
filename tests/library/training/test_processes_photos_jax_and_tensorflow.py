"""Photographs and several processes: TensorFlow reads and decodes, JAX trains.

What `python -m helpers train resnet50 --data imagenet2012` does on a cluster, on files
and with a network so small that it takes a minute on one machine.
"""

import numpy as np
import pytest
from test_processes_jax import recorded, said, same, start

from photo_archives import coloured_split

TRAIN = ["train", "tiny6", "--data", "imagenet2012", "--recipe", "he2015-imagenet", "--quiet"]
TRAIN += ["--images", "70", "--batch", "16", "--steps", "6"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs whose numbers neither batch nor devices divide."""
    folder = tmp_path_factory.mktemp("photos")
    for name, n in {"train": 70, "validation": 21, "test": 17}.items():
        coloured_split(folder, name, n)
    return folder


def test_two_processes_train_on_photographs_as_one(photos, tmp_path):
    here = {"PHOTOS": str(photos)}
    alone, *both = tmp_path / "alone", tmp_path / "both0", tmp_path / "both1"
    ((status, _, error),) = said(start([alone], TRAIN, here))
    assert status == 0, error
    (first, out, error), (second, quiet, _) = said(start(both, TRAIN, here, devices=2))
    assert (first, second) == (0, 0), error
    reference, expected = recorded(alone / "results", alone / "watch.json")
    run, watch = recorded(both[0] / "results", both[0] / "watch.json")
    assert len(watch["losses"]) == 6
    np.testing.assert_allclose(watch["losses"], expected["losses"], rtol=1e-4)
    same(run, reference, rtol=1e-4)
    assert (run.hardware["devices"], run.hardware["processes"]) == (4, 2)
    assert "recorded as" in out and "error" not in quiet
