"""Drawings of five kinds of things, and the photograph of a cat."""

import numpy as np
import pytest

from helpers.datasets import drawings

pytestmark = pytest.mark.quick


def test_a_seed_gives_the_same_drawings_kind_by_kind():
    images, labels = drawings.generate(3, seed=1)
    assert (images.shape, images.dtype) == ((15, 32, 32, 3), "uint8")
    np.testing.assert_array_equal(labels, np.repeat(range(5), 3))
    np.testing.assert_array_equal(images, drawings.generate(3, seed=1)[0])
    assert (images != drawings.generate(3, seed=2)[0]).any()
    with pytest.raises(ValueError, match="per_kind"):
        drawings.generate(0)


def test_each_kind_is_drawn_in_its_own_way():
    """What two drawings of one seed differ in is the thing: the random numbers are the same."""
    drawn = [drawings._drawn(kind, np.random.default_rng(0)) for kind in drawings.KINDS]
    for i, one in enumerate(drawn):
        assert len(np.unique(one.reshape(-1, 3), axis=0)) > 10
        for other in drawn[:i]:
            assert (one != other).any(axis=-1).mean() > 0.1


def test_colour_and_place_do_not_tell_the_kind():
    images, labels = drawings.generate(100)
    mean = images.mean(axis=(1, 2))
    spread = np.array([mean[labels == k].mean(axis=0) for k in range(5)]).std(axis=0)
    assert (spread < 0.5 * mean.std(axis=0)).all()


def test_the_cat_has_the_size_that_was_asked_for():
    cat = drawings.chelsea(48)
    assert (cat.shape, cat.dtype) == ((48, 48, 3), "uint8")
    assert (cat[..., 0].mean() > cat[..., 2].mean() + 20) and cat.std() > 30  # ginger, not grey
