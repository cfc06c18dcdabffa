"""Photos: batches of photographs on disk: order, shares of several processes, preprocessing."""

import dataclasses
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import datasets
from helpers.datasets import Photos, sampling
from helpers.datasets.photos import TestView, TrainingView, decoding, tfrecords, views
from helpers.weights import Preprocessing
from photo_archives import CUT_OFF, encoded, example, gradient, plain, records

SIZES = {"train": 50, "validation": 6, "test": 21}


def split(folder, name, images):
    """A split whose k-th image is {k: array or bytes}, of class k % 3."""
    content = [
        example(
            image=image if isinstance(image, bytes) else encoded(image, kind="PNG"),
            label=k % 3,
            file_name=f"{name}_{k}.jpg".encode(),
        )
        for k, image in images.items()
    ]
    return tfrecords.photographs([records(folder / f"{name}.tfrecord", content)])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Image k of each split is one grey of level 4 k, so it is known again; 8x8 in batches."""
    folder = tmp_path_factory.mktemp("photos")
    parts = {s: split(folder, s, {k: plain(4 * k) for k in range(n)}) for s, n in SIZES.items()}
    view = TrainingView((8, 10), size=8, colour=0.0)
    return Photos("greys", "greys", ("a", "b", "c"), **parts, view=view, test_view=TestView(8, 8))


def levels(x):
    """The numbers of the images in a batch."""
    x = np.asarray(x)
    assert abs(x - x[..., :1, :1, :1]).max() < 0.01
    return np.rint(x[..., 0, 0, 0] / 4).astype(int).tolist()


def take(dataset, n):
    return [(x.numpy(), y.numpy()) for x, y in dataset.take(n)]


def indices(batches):
    return [k for x, _ in batches for k in levels(x)]


def test_what_it_says_of_itself(photos):
    assert photos.build_arguments == {"input_shape": (8, 8, 3), "num_classes": 3}
    assert "50 train, 6 validation, 21 test photographs" in repr(photos)
    np.testing.assert_allclose(photos.mean, [123.68, 116.779, 103.939], rtol=1e-6)


@pytest.mark.parametrize("name", ["validation", "test"])
def test_batches_come_in_the_order_of_the_hash(photos, name):
    found = take(photos.batches(name, 8), 99)
    part = getattr(photos, name)
    expected = [int(n.decode().split("_")[1][:-4]) for n in part.names]
    assert indices(found) == expected
    assert sorted(expected) == list(range(SIZES[name])) != expected
    assert [y for _, labels in found for y in labels.tolist()] == [k % 3 for k in expected]
    assert [len(y) for _, y in found][:-1] == [8] * (SIZES[name] // 8)
    assert (found[0][0].dtype, found[0][1].dtype) == ("float32", "int32")
    assert int(photos.batches(name, 8).cardinality()) == len(found)


def test_an_epoch_shows_every_photograph_at_most_once(photos):
    found = take(photos.training_batches(16, seed=0), 6)
    assert {x.shape for x, _ in found} == {(16, 8, 8, 3)}
    first, second = indices(found[:3]), indices(found[3:])
    for epoch in (first, second):
        assert len(set(epoch)) == 48
    assert first != second and first != sorted(first)
    labels = [y for _, batch in found for y in batch.tolist()]
    assert labels == [k % 3 for k in first + second]
    whole = indices(take(photos.training_batches(25, seed=0), 2))
    assert sorted(whole) == list(range(50))  # a batch that divides the split leaves none out


@pytest.mark.parametrize("shuffle", ["images", "batches"])
def test_the_order_is_that_of_the_data_in_memory(photos, shuffle):
    """`sampling` decides for both, so a recipe means the same."""
    found = take(photos.training_batches(16, seed=5, shuffle=shuffle), 3)
    order = sampling.epoch_order(50, 16, seed=5, epoch=0, shuffle=shuffle)
    names = [n.decode() for n in photos.train.names[order.ravel()]]
    assert [f"train_{k}.jpg" for k in indices(found)] == names


@pytest.fixture(scope="module")
def detailed(tmp_path_factory, photos):
    """The same with images on which a crop's place and colour can be seen."""
    pixels = gradient(20, 30)
    train = split(tmp_path_factory.mktemp("detailed"), "train", {k: pixels + k for k in range(50)})
    return dataclasses.replace(photos, train=train, view=TrainingView((9, 14), size=8))


@pytest.fixture(scope="module")
def alone(detailed):
    """What one process sees with seed 3."""
    return take(detailed.training_batches(16, seed=3), 5)


def same(one, other):
    pairs = zip(one, other, strict=True)
    return all(np.array_equal(x, u) and np.array_equal(y, v) for (x, y), (u, v) in pairs)


def test_a_seed_gives_the_same_views_and_another_seed_others(detailed, alone):
    assert same(take(detailed.training_batches(16, seed=3), 5), alone)
    assert not same(take(detailed.training_batches(16, seed=4), 5), alone)


@pytest.mark.parametrize("first_step", [2, 4])
def test_batches_go_on_where_another_training_stopped(detailed, alone, first_step):
    """In the middle of an epoch of three steps, and in the next epoch."""
    rest = detailed.training_batches(16, seed=3, first_step=first_step)
    assert same(take(rest, 5 - first_step), alone[first_step:])


def test_the_shares_of_all_processes_are_the_batch_of_one(detailed, alone):
    """So each photograph is in one share once an epoch, and cut as one process would cut it."""
    shares = [take(detailed.training_batches(16, seed=3, shard=(i, 4)), 5) for i in range(4)]
    joined = [
        tuple(np.concatenate([s[step][i] for s in shares]) for i in (0, 1)) for step in range(5)
    ]
    assert same(joined, alone)


@pytest.mark.parametrize("count", [1, 2, 8])
def test_shares_have_one_size_and_leave_nothing_out(count):
    places = np.arange(16)
    shares = [places[sampling.share(16, (i, count))] for i in range(count)]
    assert {len(s) for s in shares} == {16 // count}
    assert sorted(np.concatenate(shares)) == places.tolist()


def test_a_process_reads_its_own_share_alone(photos, monkeypatch):
    read = []
    whole = tfrecords.Photographs.read

    def watched(self, index):
        read.append(int(index))
        return whole(self, index)

    monkeypatch.setattr(tfrecords.Photographs, "read", watched)
    order = np.random.default_rng(0).permutation(50)
    monkeypatch.setattr(sampling.Order, "__call__", lambda *_: order)  # the same in every step
    batches = photos.training_batches(50, seed=1, shard=(1, 2))
    assert len(take(batches, 1)) == 1
    assert set(read) == set(order[25:].tolist())


def test_tests_are_shared_without_a_rest(photos):
    shares = [indices(take(photos.batches("test", 4, shard=(i, 4)), 99)) for i in range(4)]
    assert sorted(k for share in shares for k in share) == list(range(21))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_ten_crops_of_a_batch(detailed):
    x, _ = next(iter(detailed.batches("train", 3, crops=10)))
    single, _ = next(iter(detailed.batches("train", 3)))
    np.testing.assert_allclose(x[:, 4], single, atol=1e-2)


def test_every_order_of_work_gives_the_same_batch(detailed):
    a, *others = (
        take(detailed.training_batches(8, seed=0, order=o, threads=1), 1)[0][0]
        for o in decoding.ORDERS
    )
    for b in others:
        np.testing.assert_allclose(a, b, atol=0.01)


def test_preprocessing_is_left_to_the_weights(photos, monkeypatch):
    """RGB in 0..255 unless something is asked for; what is asked for takes the other's place."""
    (raw, _), *_ = take(photos.batches("test", 5), 1)
    halved = photos.preprocessed(lambda x: x / 2 + 7)
    again = photos.preprocessed(lambda x: x * 0).preprocessed(halved.preprocess)
    np.testing.assert_allclose(take(again.batches("test", 5), 1)[0][0], raw / 2 + 7)
    trained = levels((take(halved.training_batches(8, seed=0), 1)[0][0] - 7) * 2)
    assert trained == indices(take(photos.training_batches(8, seed=0), 1))
    caffe = Preprocessing(mean=(1, 2, 3), scale=1.0, channels="BGR", resize=9, crop=8)
    data = photos.preprocessed(caffe)
    assert data.test_view == TestView(9, 8, "bilinear")
    expected = raw[..., ::-1] - np.array([1, 2, 3])
    np.testing.assert_allclose(take(data.batches("test", 5), 1)[0][0], expected, atol=1e-3)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")  # Keras' operations are JAX's
    numbers = photos.preprocessed(lambda x: np.asarray(x)[..., ::-1] - np.float32([1, 2, 3]))
    np.testing.assert_allclose(take(numbers.batches("test", 5), 1)[0][0], expected, atol=1e-3)


def test_weights_of_another_size_change_the_views(photos):
    weights = Preprocessing((0, 0, 0), resize=20, crop=16, interpolation="bicubic")
    data = photos.preprocessed(weights)
    assert data.view == TrainingView((16, 20), 16, colour=0.0, interpolation="bicubic")
    assert data.test_view == TestView(20, 16, "bicubic")


DAMAGED = {
    "cut off": encoded(gradient(60, 80))[:700],
    "lost": CUT_OFF,
    "empty": b"",
    "page": b"an error page",
    "png": encoded(gradient(60, 80), kind="PNG")[:60],
}


@pytest.fixture
def damaged(photos, tmp_path):
    """Twelve photographs, those that are said damaged, as test and as training images."""

    def make(files_):
        images = {k: plain(4 * k) for k in range(12)} | files_
        part = split(tmp_path, "cats", images)
        return dataclasses.replace(photos, train=part, test=part)

    return make


def named(batches):
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be decoded") as caught:
        take(batches, 13)
    return set(map(int, re.findall(r"cats_(\d+)\.jpg \(in \S+tfrecord", str(caught.value))))


def test_damaged_photographs_are_named(damaged):
    data = damaged(dict(zip((0, 3, 4, 5, 9), DAMAGED.values(), strict=True)))
    assert named(data.batches("test", 12)) == {0, 3, 4, 5, 9}
    assert named(data.batches("test", 12, crops=10)) == {0, 3, 4, 5, 9}
    assert named(data.training_batches(12, seed=0)) == {0, 3, 4, 5, 9}


@pytest.mark.parametrize("place", [0, 4, 10, 11])
def test_a_damaged_photograph_is_never_left_out(damaged, place):
    """At the beginning, at the end of a batch, in the last batch of two, and as the last."""
    k = int(damaged({}).test.names[place].decode().split("_")[1][:-4])
    assert named(damaged({k: CUT_OFF}).batches("test", 5)) == {k}


def test_photographs_that_are_all_damaged_or_gone_do_not_hang(damaged, tmp_path):
    data = damaged(dict.fromkeys(range(12), CUT_OFF))
    assert named(data.training_batches(3, seed=0)) <= set(range(12))
    assert len(named(data.batches("test", 1))) == 1
    (tmp_path / "cats.tfrecord").unlink()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"cats_\d+\.jpg.*No such file"):
        take(data.training_batches(4, seed=0), 1)


def test_the_functions_of_datasets_take_photographs(photos):
    assert datasets.steps_per_epoch(photos, 16) == 3
    found = indices(take(datasets.batches(photos, "validation", 8), 3))
    assert [f"validation_{k}.jpg" for k in found] == [n.decode() for n in photos.validation.names]
    how = {"seed": 2, "first_step": 1, "shuffle": "batches"}
    batches = datasets.training_batches(photos, 16, padding=4, **how)
    assert same(take(batches, 2), take(photos.training_batches(16, **how), 2))
    with pytest.raises(TypeError, match=r"in memory.*greys"):
        datasets.reduce(photos)


def test_flip_of_a_recipe_is_kept(detailed):
    unflipped = take(datasets.training_batches(detailed, 50, seed=0, flip=False), 1)[0][0]
    assert (unflipped[:, 0, 0, 0] < unflipped[:, 0, -1, 0]).all()  # red grows to the right
    both = take(datasets.training_batches(detailed, 50, seed=0), 1)[0][0]
    assert 10 < (both[:, 0, 0, 0] < both[:, 0, -1, 0]).sum() < 40


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.batches("dev", 8), r"train.*validation.*test.*split='dev'"),
        (lambda p: p.batches("test", 0), "batch_size=0"),
        (lambda p: p.batches("test", 8, crops=5), "one of 1, 10.*crops=5"),
        (lambda p: p.batches("test", 8, shard=(2, 2)), r"shard=\(2, 2\)"),
        (lambda p: p.training_batches(51, seed=0), "at most the 50.*batch_size=51"),
        (lambda p: p.training_batches(8, seed=0, order="decode"), "crop, decode.*order='decode'"),
        (lambda p: p.training_batches(8, seed=0, shard=(0, 3)), "multiple of 3.*batch_size=8"),
        (lambda p: p.training_batches(8, seed=0, shard=(-1, 2)), r"shard=\(-1, 2\)"),
        (lambda p: p.training_batches(8, seed=0, shard=2), "shard=2"),
        (
            lambda p: dataclasses.replace(p, test=p.test[:0]),
            "test: expected photographs.*0 of them",
        ),
        (lambda p: dataclasses.replace(p, class_names=("a", "b")), r"0\.\.1.*\[0, 1, 2\]"),
        (lambda p: dataclasses.replace(p, view=views.PAPER), "one size.*224 and 8"),
    ],
)
def test_what_cannot_be_is_refused(photos, call, message):
    with pytest.raises(ValueError, match=message):
        call(photos)
