"""What the page "Look inside" says of its net, for the expressions in `claims/`: some seconds."""

import functools
import re

import numpy as np

import claims
import look_inside
import whole_number_nets
from helpers import datasets, inspection, networks, weights

RESULTS = claims.ROOT / "results"


@functools.cache
def _measured():
    """Of the test images: ratios of the trained net, labels, logits of it and of whole numbers."""
    data = datasets.load("shapes")
    images = (data.test.images - data.mean).astype("float32")
    trained = networks.build(look_inside.spec(), **data.build_arguments, classifier_activation=None)
    weights.load(trained, RESULTS / "weights" / f"{look_inside.RECORD}.safetensors")
    sent = whole_number_nets.keras_net(look_inside.net(RESULTS))
    labels = data.test.labels
    ratios = [found.ratio for found in inspection.residual_ratios(trained, images).values()]
    return ratios, labels, *(net.predict(images, verbose=0) for net in (trained, sent))


def ratios_inside():
    """|F(x)| / |s(x)| by block, the mean over the test images of *shapes*."""
    return _measured()[0]


def error_inside():
    """The error in per cent of the net in whole numbers on the test images."""
    _, labels, _, logits = _measured()
    return 100 * float(np.mean(logits.argmax(axis=1) != labels))


def largest_change():
    """How much the whole numbers change any probability of a test image, at most."""
    probabilities = []
    for logits in _measured()[2:]:
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities.append(powers / powers.sum(axis=1, keepdims=True))
    return float(np.abs(probabilities[0] - probabilities[1]).max())


def beyond():
    """One in so many numbers of a block lies beyond its scale, as the page's script has it."""
    script = (claims.ROOT / "book/interactive/served/inside/maps.js").read_text("utf-8")
    return 1 / (1 - float(re.search(r"Math\.floor\((0\.\d+) \* \(sizes", script)[1]))
