"""Stored drawings get smaller, and stay what they were."""

import base64
import io
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawings import smaller
from PIL import Image

pytestmark = pytest.mark.quick


def drawn():
    figure, axes = plt.subplots(1, 2)
    axes[0].plot(np.random.default_rng(0).random(500))
    axes[1].imshow(np.random.default_rng(1).random((8, 8)))
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    plt.close(figure)
    return file.getvalue()


def pixels(drawing):
    data = drawing.split("base64,")[1].split('"')[0]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def test_a_drawing_is_smaller_and_the_same_to_a_hundredth_of_a_point():
    before = drawn()
    after = smaller(before)
    assert len(after) < 0.8 * len(before)
    paths = [[e.get("d") for e in ET.fromstring(t).iter() if e.get("d")] for t in (before, after)]
    for old, new in zip(*paths, strict=True):
        for one, other in zip(old.split(), new.split(), strict=True):
            same = one == other or abs(float(one) - float(other)) <= 0.0051
            assert same, (one, other)
    assert np.array_equal(pixels(before), pixels(after))
    assert smaller(after) == after
