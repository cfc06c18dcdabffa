"""photos.views and decoding: where crops come from, against Pillow and plain arithmetic."""

import io
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from helpers.datasets.photos import decoding, views
from helpers.datasets.photos.views import TestView, TrainingView
from photo_archives import encoded, gradient


def draw(side=0.0, row=0.0, column=0.0, mirror=0.9, colours=(0, 0, 0)):
    return np.array([side, row, column, mirror, *colours], "float32")


def by_pillow(pixels, resized, corner, size, interpolation="bilinear"):
    """Resize the whole image, then crop: the paper's order, by another program."""
    kernel = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[interpolation]
    image = np.asarray(Image.fromarray(pixels).resize(resized[::-1], kernel)).astype("float32")
    return image[corner[0] : corner[0] + size, corner[1] : corner[1] + size]


def photograph(height, width, seed=0):
    """Soft shapes with some noise, as a camera's."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 16 + 2, width // 16 + 2, 3), dtype="uint8")
    soft = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), "int32")
    return np.clip(soft + random.integers(-9, 10, soft.shape), 0, 255).astype("uint8")


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("order", decoding.ORDERS)
@pytest.mark.parametrize(
    ("shape", "side", "corner"),
    [((150, 200), 64, (0, 0)), ((150, 200), 64, (16, 37)), ((90, 61), 80, (70, 32))],
)
def test_every_order_is_resize_then_crop(order, interpolation, shape, side, corner):
    """Down and up, in the middle and at the edges; the longer side is rounded."""
    file = encoded(photograph(*shape), quality=92)
    pixels = tf.io.decode_jpeg(file, channels=3).numpy()
    short = min(shape)
    resized = tuple(int(n * side / short + 0.5) for n in shape)
    asked = []

    def place(found):
        asked.append(tuple(found.numpy()))
        expected = decoding.resized_shape(found, side).numpy()
        assert tuple(expected) == resized
        return tf.constant(resized), tf.constant(corner)

    found = decoding.square(file, place, 48, interpolation=interpolation, order=order).numpy()
    assert asked == [shape]
    expected = by_pillow(pixels, resized, corner, 48, interpolation)
    found = np.clip(found, 0, 255)  # bicubic overshoots, and Pillow clips
    assert abs(found - expected).max() < 1.6  # Pillow rounds after each of two directions


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("scale", [(0.6, 0.6), (1.0, 0.8), (1.3, 1.4)])
def test_rows_and_columns_apart_give_the_numbers_of_tensorflow_s_one_call(interpolation, scale):
    """To the last bit: so no record of a training is of other images than before."""
    image, shift = photograph(90, 110), (-7.25, 3.5)
    kernel = {"bilinear": "triangle", "bicubic": "keyscubic"}[interpolation]
    how = {"size": (48, 56), "scale": scale, "translation": shift, "kernel_type": kernel}
    at_once = tf.raw_ops.ScaleAndTranslate(images=image[None], antialias=True, **how)[0]
    apart = decoding._scaled(image, (48, 56), scale, shift, interpolation)
    np.testing.assert_array_equal(apart, at_once)


def test_the_parts_of_a_file_that_are_not_needed_are_not_decoded(monkeypatch):
    windows = []
    whole = tf.image.decode_and_crop_jpeg

    def watched(file, window, **how):
        windows.append(window.numpy().tolist())
        return whole(file, window, **how)

    monkeypatch.setattr(tf.image, "decode_and_crop_jpeg", watched)
    monkeypatch.setattr(decoding, "decode", None)
    file = encoded(photograph(300, 400))
    views.training_view(file, draw(row=0.5, column=0.999), TrainingView((150, 150), size=50))
    ((y, x, height, width),) = windows
    assert 95 <= y <= 100 and 295 <= x <= 300  # a third of 300, to the right edge of 400
    assert 100 <= height <= 108 and x + width == 400


def where(image, shape, view):
    """Shorter side, row, column and mirroring of a crop, read off a `gradient`."""
    height, width = shape
    red, green = image[:, :, 0], image[:, :, 1]
    mirrored = red[0, 0] > red[0, -1]
    red = red[:, ::-1] if mirrored else red
    middle = slice(2, view.size - 2)  # at the edges of an image there is nothing beyond
    found = []
    for profile, n in ((green[middle, 5], height), (red[5, middle], width)):
        step, first = np.polyfit(np.arange(2, view.size - 2), profile / 2, 1)
        found += [n / (n * step), (first + 0.5) / step - 0.5]
    scale_y, row, scale_x, column = found
    assert abs(scale_y / scale_x - 1) < 0.06  # the aspect is kept, to a rounded pixel
    return round(min(height * scale_y, width * scale_x)), round(row), round(column), bool(mirrored)


def test_sides_places_and_mirroring_are_all_drawn():
    """Of an image of 60 x 80: the side 30 or 31, then every row and column of what fits."""
    shape, view = (60, 80), TrainingView((30, 31), size=26, colour=0.0)
    file = encoded(gradient(*shape), kind="PNG")
    look = tf.function(lambda chances: views.training_view(file, chances, view))
    seen = [where(look(row).numpy(), shape, view) for row in views.draws(300, seed=1, step=0)]
    sides, rows, columns, mirrored = zip(*seen, strict=True)
    assert set(sides) == {30, 31} and abs(sides.count(30) - 150) < 5 * np.sqrt(75)
    for side in (30, 31):
        mine = [i for i in range(300) if sides[i] == side]
        assert {rows[i] for i in mine} == set(range(side - 26 + 1))
        wide = int(80 * side / 60 + 0.5)
        assert {columns[i] for i in mine} == set(range(wide - 26 + 1))
    assert abs(sum(mirrored) - 150) < 5 * np.sqrt(75)
    never = TrainingView((30, 31), size=26, flip=False, colour=0.0)
    chances = draw(mirror=0.1)
    assert where(views.training_view(file, chances, view).numpy(), shape, view)[3]
    assert not where(views.training_view(file, chances, never).numpy(), shape, view)[3]


def test_a_mirrored_image_is_the_same_backwards():
    file, view = encoded(photograph(60, 80)), TrainingView((30, 33), size=24)
    straight, mirrored = (
        views.training_view(file, draw(0.5, 0.3, 0.7, mirror), view).numpy()
        for mirror in (0.5, 0.49)
    )
    np.testing.assert_array_equal(mirrored, straight[:, ::-1])


def test_draws_follow_seed_and_step():
    first, again = (views.draws(64, seed=3, step=5) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == "float32" and first.shape == (64, 7)
    for other in (views.draws(64, seed=4, step=5), views.draws(64, seed=3, step=6)):
        assert not np.isin(other, first).any()
    many = views.draws(20_000, seed=0, step=0)
    assert many[:, :4].min() >= 0 and many[:, :4].max() < 1
    assert abs(many[:, 4:].std(axis=0) - 1).max() < 0.03
    assert abs(np.corrcoef(many.T) - np.eye(7)).max() < 0.04


def test_colours_move_along_the_directions_in_which_imagenet_varies():
    """Krizhevsky et al.: [p1 p2 p3] [a1 l1, a2 l2, a3 l3], of images from 0 to 1."""
    directions, variances = views.COLOUR_DIRECTIONS, views.COLOUR_VARIANCES
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=2e-4)
    assert variances[0] > variances[1] > variances[2] > 0
    factors = np.array([0.1, -0.2, 0.05], "float32")
    expected = 255 * sum(
        a * v * p for a, v, p in zip(factors, variances, directions.T, strict=True)
    )
    np.testing.assert_allclose(views.lighting(factors), expected, rtol=1e-5)
    file, chances = encoded(photograph(60, 80)), draw(colours=(1, -2, 0.5))
    plain_, lit = (
        views.training_view(file, chances, TrainingView((30, 30), 24, colour=c)).numpy()
        for c in (0.0, 0.1)
    )
    np.testing.assert_allclose(lit - plain_, np.broadcast_to(expected, (24, 24, 3)), atol=1e-3)


@pytest.mark.parametrize("shape", [(60, 80), (80, 60), (50, 50)])
def test_the_single_view_is_the_middle(shape):
    file, view = encoded(gradient(*shape), kind="PNG"), TestView(40, 32)
    resized = tuple(int(n * 40 / min(shape) + 0.5) for n in shape)
    corner = tuple((n - 32) // 2 for n in resized)
    found = views.centre(file, view).numpy()
    assert abs(found - by_pillow(gradient(*shape), resized, corner, 32)).max() < 1.1


def test_ten_crops_are_slices_and_their_mirror_images():
    image = np.random.default_rng(0).normal(size=(256, 341, 3)).astype("float32")
    found = views.ten_crop(image).numpy()
    assert found.shape == (10, 224, 224, 3)
    top, bottom, left, right = slice(0, 224), slice(32, 256), slice(0, 224), slice(117, 341)
    places = [(top, left), (top, right), (bottom, left), (bottom, right)]
    places.append((slice(16, 240), slice(58, 282)))
    for i, place in enumerate(places):
        np.testing.assert_array_equal(found[i], image[place])
        np.testing.assert_array_equal(found[5 + i], image[place][:, ::-1])
    with pytest.raises(ValueError, match=r"at least 224 x 224.*\(200, 341, 3\)"):
        views.ten_crop(image[:200])


def test_the_fifth_of_ten_crops_is_the_single_view():
    file, view = encoded(photograph(90, 120)), TestView(64, 56)
    np.testing.assert_allclose(views.ten(file, view)[4], views.centre(file, view), atol=1e-2)


def test_ten_answers_are_averaged():
    crops = np.random.default_rng(0).random((2, 10, 6, 6, 3)).astype("float32")
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Dense(4, activation="softmax")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, x)
    found = views.mean_probabilities(model, crops)
    for n, c in itertools.product(range(2), range(4)):
        one_by_one = [float(model(crop[None])[0, c]) for crop in crops[n]]
        assert found[n, c] == pytest.approx(sum(one_by_one) / 10, rel=1e-4)
    logits = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(inputs)))
    with pytest.raises(ValueError, match=r"probabilities.*sum to 1.*softmax"):
        views.mean_probabilities(logits, crops)


GREY = np.repeat(gradient(60, 80)[:, :, :1], 3, axis=2)


@pytest.mark.parametrize("order", decoding.ORDERS)
@pytest.mark.parametrize(
    ("mode", "kind", "image", "tolerance"),
    [
        ("RGB", "JPEG", gradient(60, 80), 3),
        ("CMYK", "JPEG", gradient(60, 80), 6),
        ("L", "JPEG", GREY, 3),
        ("RGB", "PNG", gradient(60, 80), 0.1),
        ("RGBA", "PNG", gradient(60, 80), 0.1),
        ("L", "PNG", GREY, 0.1),
    ],
)
def test_files_of_every_kind_become_the_same_rgb(mode, kind, image, tolerance, order):
    file, chances = encoded(image, mode, kind), draw(0.5, 0.4, 0.6)
    assert Image.open(io.BytesIO(file)).mode == mode
    view = TrainingView((30, 30), 24, colour=0.0)
    found = views.training_view(file, chances, view, order).numpy()
    expected = views.training_view(encoded(image, kind="PNG"), chances, view).numpy()
    assert abs(found - expected).max() <= tolerance
    assert (
        abs(views.centre(file, TestView(30, 24)) - views.ten(file, TestView(30, 24))[4])
        .numpy()
        .max()
        < 0.1
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TrainingView((200, 256)), r"at most the `shorter_side`.*size=224.*\(200, 256\)"),
        (lambda: TrainingView((300, 256)), r"\(300, 256\)"),
        (lambda: TrainingView(size=0), "at least 1.*size=0"),
        (lambda: TrainingView(colour=-0.1), "colour=-0.1"),
        (lambda: TrainingView(interpolation="nearest"), "bilinear, bicubic.*nearest"),
        (lambda: TestView(200), "size=224, shorter_side=200"),
    ],
)
def test_views_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_papers_numbers():
    """Section 3.4: the shorter side from 256 to 480, crops of 224."""
    assert (views.PAPER.shorter_side, views.PAPER.size, views.PAPER.flip) == ((256, 480), 224, True)
    assert (views.SINGLE.shorter_side, views.SINGLE.size) == (256, 224)
