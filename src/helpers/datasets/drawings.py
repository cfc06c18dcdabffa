"""Pictures that may be shown: drawings of five kinds of things, and one photograph of a cat.

What photographs of others show may not always be printed. These may: the drawings are this
book's, and the photographer gave the cat away. A drawing has random colours, place, size, turn
and background, so neither one pixel nor the mean colour tells what it is of.

Book: chapter 6.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.support import expect

KINDS = ("aeroplane", "car", "cat", "ship", "horse")
SIZE = 32
_FINER = 8  # it is drawn on so many times as many pixels, then averaged
_DARK, _GLASS, _WHITE, _EYE, _NOSE, _GREY = (
    (30, 30, 35),
    (200, 225, 240),
    (235, 235, 235),
    (225, 225, 120),
    (230, 130, 130),
    (190, 190, 190),
)


def generate(per_kind: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Drawings (5 per_kind, 32, 32, 3) uint8 and labels (5 per_kind,) int32, kind by kind.

    Raises ValueError if `per_kind` is not a positive integer.
    """
    expect.integer("per_kind", per_kind)
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(KINDS), dtype="int32"), per_kind)
    return np.stack([_drawn(KINDS[label], random) for label in labels]), labels


def chelsea(side: int) -> np.ndarray:
    """A cat called Chelsea, (side, side, 3) uint8.

    Source: photograph by Stéfan van der Walt, CC0, from scikit-image (`skimage.data.chelsea`);
    here a square of it, of 144 pixels.
    """
    from PIL import Image

    with Image.open(Path(__file__).with_name("chelsea.png")) as photograph:
        return np.asarray(photograph.resize((side, side), Image.Resampling.BICUBIC))


def _drawn(kind, random):
    from PIL import Image, ImageDraw

    def colour(low, high):
        return tuple(int(level) for level in random.uniform(low, high, 3))

    n = SIZE * _FINER
    image = Image.new("RGB", (n, n), colour(90, 230))
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, int(n * random.uniform(0.55, 0.8)), n, n), fill=colour(90, 230))
    main = colour(20, 235)
    size, centre = n * random.uniform(0.34, 0.44), n * random.uniform(0.44, 0.56, 2)
    side, turn = random.choice([-1, 1]), random.uniform(-0.15, 0.15)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for fill, points in _PARTS[kind]:
        placed = (np.array(points) * [side, 1]) @ rotation.T * size + centre
        canvas.polygon([tuple(point) for point in placed], fill=fill or main)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX))


def _ellipse(left, top, right, bottom):
    angles = np.linspace(0, 2 * np.pi, 40)
    x = (left + right) / 2 + (right - left) / 2 * np.cos(angles)
    return np.column_stack([x, (top + bottom) / 2 + (bottom - top) / 2 * np.sin(angles)])


def _box(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _wheel(x):
    return (_DARK, _ellipse(x - 0.22, 0.1, x + 0.22, 0.54)), (
        _GREY,
        _ellipse(x - 0.1, 0.22, x + 0.1, 0.42),
    )


def _eye(x):
    return (_EYE, _ellipse(x - 0.17, -0.25, x + 0.17, 0.05)), (
        _DARK,
        _ellipse(x - 0.06, -0.25, x + 0.06, 0.05),
    )


def _whisker(side, y):
    return _DARK, [(0.15 * side, 0.3), (0.95 * side, y - 0.05), (0.95 * side, y - 0.01)]


def _leg(x):
    return None, [(x - 0.07, 0.1), (x + 0.07, 0.1), (x + 0.05, 0.95), (x - 0.05, 0.95)]


# Polygons from back to front, in a square from -1 to 1, y downwards; None is the main colour.
_PARTS = {
    "aeroplane": (
        (None, _ellipse(-1, -0.16, 1, 0.16)),
        (None, [(0.75, -0.05), (1, -0.55), (0.8, -0.55), (0.5, -0.1)]),
        (_DARK, [(-0.2, 0), (0.45, 0.65), (0.65, 0.65), (0.3, 0)]),
        (_DARK, [(-0.1, -0.1), (0.3, -0.5), (0.45, -0.5), (0.25, -0.1)]),
    ),
    "car": (
        (
            None,
            [
                *((-1, 0.3), (-1, 0.1), (-0.95, -0.12), (-0.55, -0.18), (-0.3, -0.55)),
                *((0.4, -0.55), (0.7, -0.15), (1, -0.08), (1, 0.3)),
            ],
        ),
        (_GLASS, [(-0.42, -0.18), (-0.24, -0.45), (0, -0.45), (0, -0.18)]),
        (_GLASS, [(0.08, -0.18), (0.08, -0.45), (0.36, -0.45), (0.52, -0.18)]),
        *_wheel(-0.55),
        *_wheel(0.55),
    ),
    "cat": (
        (None, [(-0.75, -0.2), (-0.7, -1), (-0.15, -0.6)]),
        (None, [(0.75, -0.2), (0.7, -1), (0.15, -0.6)]),
        (None, _ellipse(-0.8, -0.7, 0.8, 0.7)),
        *_eye(-0.33),
        *_eye(0.33),
        (_NOSE, [(-0.1, 0.2), (0.1, 0.2), (0, 0.32)]),
        *(_whisker(side, y) for y in (0.25, 0.4) for side in (-1, 1)),
    ),
    "ship": (
        (None, [(-1, 0.15), (1, 0.15), (0.75, 0.6), (-0.8, 0.6)]),
        (_WHITE, _box(-0.6, -0.2, 0.5, 0.15)),
        (_DARK, _box(-0.3, -0.6, 0, -0.2)),
        (_DARK, _box(0.15, -0.6, 0.4, -0.2)),
    ),
    "horse": (
        (None, _ellipse(-0.55, -0.2, 0.55, 0.28)),
        *(_leg(x) for x in (-0.48, -0.28, 0.25, 0.43)),
        (None, [(0.25, -0.05), (0.55, -0.75), (0.75, -0.7), (0.6, 0.1)]),
        (None, _ellipse(0.5, -0.85, 1, -0.5)),
        (None, [(0.58, -0.78), (0.62, -1), (0.72, -0.8)]),
        (_DARK, [(-0.5, -0.1), (-0.85, 0.4), (-0.75, 0.45), (-0.42, 0.05)]),
        (_DARK, [(0.22, -0.1), (0.5, -0.8), (0.58, -0.75), (0.38, -0.1)]),
    ),
}
