"""Positions that are read, against what changes when one of them is changed."""

import keras
import numpy as np
import pytest

from helpers import inspection, networks, specs
from helpers.inspection import anatomy
from helpers.specs import Stage, Stem

SIDE = 8
EVERY_SECOND = np.zeros((SIDE, SIDE), bool)
EVERY_SECOND[::2, ::2] = True
ALL = np.ones((SIDE, SIDE), bool)


def tiny(block, **fields):
    """Two blocks, of which the second halves the maps."""
    stages = (Stage("conv2_x", block, 8, 1, 1), Stage("conv3_x", block, 8, 1, 2))
    stem = Stem(3, 8, 1, False)
    spec = specs.Network("tiny", (SIDE, SIDE, 3), 4, stem, stages, **fields)
    keras.utils.set_random_seed(0)
    return networks.build(spec)


def changed_by(function, shape):
    """Whether anything comes out otherwise if one position is changed, by position: (H, W)."""
    x = np.repeat(np.random.default_rng(1).normal(size=(4, 1, *shape)), SIDE**2 + 1, axis=1)
    for i, (row, column) in enumerate(np.ndindex(SIDE, SIDE)):
        x[:, i, row, column] += 1
    y = function(x.reshape(-1, *shape).astype("float32"), training=False)
    y = keras.ops.convert_to_numpy(y).reshape(4, SIDE**2 + 1, -1)
    return (abs(y[:, :-1] - y[:, -1:]).max((0, 2)) > 1e-5).reshape(SIDE, SIDE)


@pytest.mark.parametrize(
    ("block", "fields", "residual", "carried"),
    [
        ("bottleneck", {"shortcut": "B"}, EVERY_SECOND, EVERY_SECOND),
        ("bottleneck", {"shortcut": "B", "bottleneck_stride": "3x3"}, ALL, EVERY_SECOND),
        (
            "bottleneck",
            {"shortcut": "B", "bottleneck_stride": "3x3", "pooled_shortcut": True},
            *(ALL, ALL),
        ),
        ("bottleneck", {"shortcut": "B", "squeeze": 4}, EVERY_SECOND, EVERY_SECOND),
        ("basic", {"shortcut": "A"}, ALL, EVERY_SECOND),
        ("preactivation-bottleneck", {"shortcut": "B"}, EVERY_SECOND, EVERY_SECOND),
    ],
)
def test_what_is_read_changes_what_comes_out(block, fields, residual, carried):
    model = tiny(block, **fields)
    read = inspection.positions_read(model, "conv3_1")
    np.testing.assert_array_equal(read.residual, residual)
    np.testing.assert_array_equal(read.carried, carried)
    np.testing.assert_array_equal(read.either, residual | carried)
    found = next(b for b in inspection.find_blocks(model) if b.name == "conv3_1")
    for end, mask in ((found.residual, residual), (found.carried, carried)):
        function = anatomy.between(found.entry, end)
        np.testing.assert_array_equal(changed_by(function, found.entry.shape[1:]), mask)


def test_a_block_that_keeps_the_size_reads_everything():
    read = inspection.positions_read(tiny("basic", shortcut="A"), "conv2_1")
    assert read.residual.all() and read.carried.all()


def test_where_f_adds_nothing_it_reads_nothing():
    model = tiny("basic", shortcut="A", start="zero-gamma")
    assert not inspection.positions_read(model, "conv3_1").residual.any()


def test_what_is_no_residual_block_is_refused():
    model = tiny("basic", shortcut="A")
    with pytest.raises(ValueError, match=r"one of conv2_1, conv3_1.*conv4_1"):
        inspection.positions_read(model, "conv4_1")
    plain = networks.build(specs.narrowed(specs.cifar(8, "plain"), 2))
    with pytest.raises(ValueError, match=r"with residual blocks\. Received: plain8"):
        inspection.positions_read(plain, "conv2_1")
