"""What a test can read off a picture that `diagrams` has drawn."""

import itertools

import keras
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from helpers import blocks

MAPS = (56, 56, 64)


def around(block, shape=MAPS):
    x = keras.Input(shape)
    return keras.Model(x, block(x))


def basic(filters=64, stride=1, shape=MAPS, **options):
    return around(lambda x: blocks.basic_block(x, filters, stride, name="b", **options), shape)


def words(ax):
    """All texts but empty ones, from top to bottom."""
    return sorted((t for t in ax.texts if t.get_text()), key=lambda t: -t.get_position()[1])


def column(ax, x=None):
    """The texts in the middle of a path from top to bottom; by default of the main path."""
    if x is None:
        (x,) = (t.get_position()[0] for t in ax.texts if t.get_text() == "x")
    return [t.get_text() for t in words(ax) if t.get_ha() == "center" and t.get_position()[0] == x]


def all_words(ax):
    return [t.get_text() for t in words(ax)]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def boxes(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]


def drawn_points(arrow):
    """The points of an arrow and of its head, once its figure is drawn."""
    path = arrow.get_path()
    points = zip(path.vertices, path.codes, strict=True)
    return [point for point, code in points if code != Path.CLOSEPOLY]


def assert_legible(ax):
    """No two texts touch, and a text that stands in a box does not leave it."""
    ax.figure.set_dpi(400)  # so that the extents of small letters are exact
    ax.figure.draw_without_rendering()
    places = [(t.get_text(), t.get_window_extent()) for t in words(ax)]
    for (one, a), (two, b) in itertools.combinations(places, 2):
        assert not a.overlaps(b), (one, two)
    inside = ax.get_window_extent()
    frames = [patch.get_window_extent() for patch in boxes(ax)]
    for text, place in places:
        assert inside.x0 <= place.x0 and place.x1 <= inside.x1, text
        assert inside.y0 <= place.y0 and place.y1 <= inside.y1, text
        for frame in frames:
            if frame.overlaps(place):
                assert frame.x0 < place.x0 and place.x1 < frame.x1, text
                assert frame.y0 < place.y0 and place.y1 < frame.y1, text
