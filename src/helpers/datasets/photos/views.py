"""What a network sees of a photograph: random crops in training, fixed ones in testing.

Everything is RGB from 0 to 255, float32. What is subtracted, divided or swapped on the
way into a network belongs to its weights: `weights.Preprocessing`.

Source: He et al. 2015, section 3.4. Book: chapters 6 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from helpers.datasets.photos import decoding
from helpers.support import expect

if TYPE_CHECKING:
    import tensorflow as tf

# The colours of ImageNet vary along three directions, the columns, by so much (variances of
# RGB from 0 to 1). Krizhevsky et al. 2012, section 4.1, gave the method and the deviation of
# its factors, 0.1, and not these; they are those of Gross and Wilber 2016 (fb.resnet.torch).
COLOUR_VARIANCES = np.array([0.2175, 0.0188, 0.0045], "float32")
COLOUR_DIRECTIONS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
    "float32",
)
TEN = 10  # four corners and the centre, and their mirror images


@dataclass(frozen=True)
class TrainingView:
    """How a training image is cut at random. The defaults are the paper's.

    - `shorter_side`: the least and the greatest number of pixels, all equally often;
    - `size`: the side of the square that is cut from any place of that;
    - `flip`: whether every second one is mirrored;
    - `colour`: the standard deviation of the factors of `lighting`; 0 leaves colours alone;
    - `interpolation`: "bilinear" or "bicubic".
    """

    shorter_side: tuple[int, int] = (256, 480)
    size: int = 224
    flip: bool = True
    colour: float = 0.1
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        _check(self, *self.shorter_side)
        expect.number("colour", self.colour, least=0)


@dataclass(frozen=True)
class TestView:
    """How a test image is cut: the shorter side to so many pixels, then a square of `size`."""

    __test__ = False  # no test of pytest's, in spite of its name

    shorter_side: int = 256
    size: int = 224
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        _check(self, self.shorter_side, self.shorter_side)


def _check(view, low, high):
    if not 1 <= view.size <= low <= high:
        raise ValueError(
            "The square is cut from the resized image: `size` must be at least 1 and at most the "
            f"`shorter_side`. Received: size={view.size!r}, shorter_side={view.shorter_side!r}"
        )
    expect.one_of("interpolation", view.interpolation, decoding.INTERPOLATIONS)


PAPER, SINGLE = TrainingView(), TestView()


def draws(batch_size: int, *, seed: int, step: int) -> np.ndarray:
    """The chances of one step's images, (batch_size, 7) float32, from seed and step alone.

    Four numbers in [0, 1) for side, row, column and mirror, and three normal ones for
    the colours.
    """
    random = np.random.default_rng((seed, 2, step))
    uniform = random.random((batch_size, 4), "float32")
    return np.concatenate([uniform, random.standard_normal((batch_size, 3), "float32")], axis=1)


def training_view(
    file: tf.Tensor, draw: tf.Tensor, view: TrainingView, order: str = decoding.CROP_FIRST
) -> tf.Tensor:
    """One training image from its file: (size, size, 3) float32.

    `draw` is a row of `draws`. It is the paper's: the shorter side drawn, the square's place
    drawn, maybe mirrored, then the colours.

    Source: He et al. 2015, section 3.4.
    """
    import tensorflow as tf

    low, high = view.shorter_side

    def place(shape):
        resized = decoding.resized_shape(shape, low + tf.floor(draw[0] * (high - low + 1)))
        free = tf.cast(resized - view.size + 1, "float32")
        return resized, tf.cast(draw[1:3] * free, "int32")

    image = decoding.square(file, place, view.size, interpolation=view.interpolation, order=order)
    if view.flip:
        image = tf.cond(draw[3] < 0.5, lambda: tf.reverse(image, [1]), lambda: image)
    return image + lighting(view.colour * draw[4:]) if view.colour else image


def lighting(factors: tf.Tensor) -> tf.Tensor:
    """What is added to every pixel, (3,) in levels of 0..255: brighter, warmer, greener.

    The directions in which ImageNet's colours vary, each times its variance times a factor.
    The formula is not the same at every scale: it is that of images from 0 to 1.

    Source: Krizhevsky et al. 2012, section 4.1.
    """
    import tensorflow as tf

    return 255.0 * tf.linalg.matvec(COLOUR_DIRECTIONS, COLOUR_VARIANCES * factors)


def centre(file: tf.Tensor, view: TestView) -> tf.Tensor:
    """The middle of a test image: (size, size, 3) float32, the single view."""

    def place(shape):
        resized = decoding.resized_shape(shape, view.shorter_side)
        return resized, (resized - view.size) // 2

    return decoding.square(file, place, view.size, interpolation=view.interpolation)


def ten(file: tf.Tensor, view: TestView) -> tf.Tensor:
    """The standard ten crops of a test image: (10, size, size, 3) float32.

    Source: Krizhevsky et al. 2012, section 4.1; He et al. 2015, Tables 2 and 3.
    """
    import tensorflow as tf

    image = decoding.decode(file)
    resized = decoding.resized_shape(tf.shape(image)[:2], view.shorter_side)
    return ten_crop(decoding.resize(image, resized, view.interpolation), view.size)


def ten_crop(image: tf.Tensor | np.ndarray, size: int = 224) -> tf.Tensor:
    """Four corners and the centre, then the same mirrored: (H, W, 3) -> (10, size, size, 3).

    In the order upper left, upper right, lower left, lower right, centre.
    Raises ValueError for an image that is smaller than the crops.
    """
    import tensorflow as tf

    image = tf.convert_to_tensor(image)
    if any(side is not None and side < size for side in image.shape[:2]):
        raise ValueError(
            f"`image` must be at least {size} x {size}. Received: shape {tuple(image.shape)}"
        )
    below, right = (tf.shape(image)[axis] - size for axis in (0, 1))
    corners = [(0, 0), (0, right), (below, 0), (below, right), (below // 2, right // 2)]
    crops = tf.stack([image[y : y + size, x : x + size] for y, x in corners])
    crops = tf.ensure_shape(crops, (TEN // 2, size, size, 3))
    return tf.concat([crops, tf.reverse(crops, [2])], axis=0)


def mean_probabilities(model: keras.Model, crops: np.ndarray) -> np.ndarray:
    """A model's answer to several crops of each image: (N, C, H, W, 3) -> (N, classes).

    The probabilities of the C crops are averaged, as in ten-crop testing.
    Raises ValueError for a model that returns something else than probabilities.
    """
    crops = np.asarray(crops)
    n, count = crops.shape[:2]
    outputs = model(crops.reshape(n * count, *crops.shape[2:]), training=False)
    outputs = keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))
    if outputs.min() < 0 or not np.allclose(outputs.sum(axis=1), 1, atol=1e-2):
        raise ValueError(
            f"Expected probabilities from {model.name}, rows that sum to 1. Received: sums from "
            f"{outputs.sum(axis=1).min():.3g} to {outputs.sum(axis=1).max():.3g}. Logits want "
            "a softmax first."
        )
    return outputs.reshape(n, count, -1).mean(axis=1)
