"""From the bytes of an image file to the pixels of one part of it, at one scale.

The paper resizes an image and crops a square. The square is known before a pixel is
decoded, so decoding can stop at its edges, and resizing at its pixels. All three orders
give the same numbers; `python -m helpers bench-input` prints what they cost.

Source: He et al. 2015, section 3.4. Book: chapter 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

CROP_FIRST, DECODE_FIRST, RESIZE_FIRST = ORDERS = (
    "crop, decode, resize",
    "decode, crop, resize",
    "decode, resize, crop",
)
_KERNELS = {"bilinear": ("triangle", 1), "bicubic": ("keyscubic", 2)}  # radius in pixels
INTERPOLATIONS = tuple(_KERNELS)


def resized_shape(shape: tf.Tensor, shorter_side: int | tf.Tensor) -> tf.Tensor:
    """(2,) height and width after the shorter one became `shorter_side`, the aspect kept.

    The longer side is rounded to whole pixels.
    """
    import tensorflow as tf

    shape, shorter_side = tf.cast(shape, "float32"), tf.cast(shorter_side, "float32")
    return tf.cast(shape * shorter_side / tf.reduce_min(shape) + 0.5, "int32")


def resize(image: tf.Tensor, resized: tf.Tensor, interpolation: str = "bilinear") -> tf.Tensor:
    """(H, W, 3) -> (h, w, 3) float32, `resized` being (h, w); antialiased, as Pillow does it."""
    import tensorflow as tf

    scale = tf.cast(resized, "float32") / tf.cast(tf.shape(image)[:2], "float32")
    return _scaled(image, resized, scale, tf.zeros(2), interpolation)


def decode(file: tf.Tensor) -> tf.Tensor:
    """A whole image, (H, W, 3) uint8: JPEG (grey and CMYK, too), PNG, GIF or BMP."""
    import tensorflow as tf

    image = tf.io.decode_image(file, channels=3, expand_animations=False)
    image.set_shape((None, None, 3))
    return image


def square(
    file: tf.Tensor,
    place: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    size: int,
    *,
    interpolation: str = "bilinear",
    order: str = CROP_FIRST,
) -> tf.Tensor:
    """A square of a resized image: (size, size, 3) float32 in 0..255.

    A file that is cut off is an error where the square reaches into what is lost; of other
    damage inside a JPEG file the decoder only warns on stderr.

    `place` is given the image's (height, width) and says what it is resized to and where
    in that the square's upper left corner is, both (2,) int32.
    """
    import tensorflow as tf

    def of_jpeg():
        shape = tf.image.extract_jpeg_shape(file)[:2]
        resized, corner = place(shape)
        start, extent = _window(shape, resized, corner, size, interpolation)
        window = tf.concat([start, extent], 0)
        pixels = tf.image.decode_and_crop_jpeg(file, window, channels=3)
        return cut(pixels, start, shape, resized, corner)

    def of_any():
        image = decode(file)
        shape = tf.shape(image)[:2]
        resized, corner = place(shape)
        if order == RESIZE_FIRST:
            return _slice(resize(image, resized, interpolation), corner, (size, size))
        start, extent = _window(shape, resized, corner, size, interpolation)
        return cut(_slice(image, start, extent), start, shape, resized, corner)

    def cut(pixels, start, shape, resized, corner):
        """The square out of the decoded window, to a part of a pixel."""
        scale = tf.cast(resized, "float32") / tf.cast(shape, "float32")
        shift = tf.cast(start, "float32") * scale - tf.cast(corner, "float32")
        return _scaled(pixels, (size, size), scale, shift, interpolation)

    image = tf.cond(tf.io.is_jpeg(file), of_jpeg, of_any) if order == CROP_FIRST else of_any()
    return tf.ensure_shape(image, (size, size, 3))


def _window(shape, resized, corner, size: int, interpolation: str):
    """The pixels on which a square depends: (y, x) and (height, width), (2,) int32 each.

    The kernel reaches beyond the square, and further where it averages on the way down.
    """
    import tensorflow as tf

    step = tf.cast(shape, "float32") / tf.cast(resized, "float32")  # in pixels of the original
    reach = _KERNELS[interpolation][1] * tf.maximum(step, 1.0) + 1
    first = tf.cast(corner, "float32") * step
    start = tf.maximum(tf.cast(tf.floor(first - reach), "int32"), 0)
    end = tf.minimum(tf.cast(tf.math.ceil(first + size * step + reach), "int32"), shape)
    return start, end - start


def _slice(image, start, extent):
    import tensorflow as tf

    return tf.slice(image, tf.concat([start, [0]], 0), tf.concat([extent, [3]], 0))


def _scaled(image, size, scale, shift, interpolation: str):
    """Output pixel i shows what lies at (i + 0.5 - shift) / scale - 0.5 of the input.

    Each row of pixels as one pixel with very many channels, then the same for columns: the
    very numbers of one call for both, in less than half its time, since TensorFlow adds up the
    channels of a pixel in one stroke.
    """
    import tensorflow as tf

    for axis in (0, 1):
        length, other = tf.shape(image)[0], tf.shape(image)[1]
        lines = tf.raw_ops.ScaleAndTranslate(
            images=tf.reshape(image, (1, length, 1, 3 * other)),
            size=(size[axis], 1),
            scale=(scale[axis], 1.0),
            translation=(shift[axis], 0.0),
            kernel_type=_KERNELS[interpolation][0],
            antialias=True,
        )
        image = tf.transpose(tf.reshape(lines, (size[axis], other, 3)), (1, 0, 2))
    return image
