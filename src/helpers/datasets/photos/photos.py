"""A data set of photographs on disk, and the batches that are made from it.

Source: He et al. 2015, section 3.4. Book: chapters 6 and 7.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.datasets import sampling
from helpers.datasets.photos import decoding, pipeline, views
from helpers.datasets.photos.tfrecords import Photographs
from helpers.datasets.photos.views import TestView, TrainingView
from helpers.datasets.preprocessing import KERAS, Preprocessing
from helpers.datasets.protocol import size, steps_per_epoch
from helpers.support import expect

if TYPE_CHECKING:
    import tensorflow as tf

# The paper subtracts the mean of every pixel. Over random crops that mean is nearly the same
# everywhere, so the field subtracts one number per channel, which fits crops of any size.
# The numbers are those of the authors' weights, here in the order RGB.
CHANNEL_MEAN = KERAS.mean[::-1]
MEAN_SUBTRACTED = Preprocessing(mean=CHANNEL_MEAN, scale=1.0)


@dataclass(frozen=True, eq=False)
class Photos:
    """Photographs on disk: training, validation and test membership, and how they are seen.

    - `description` is the name that pages and plots show; it says what is missing where only
      a part of the data set is at hand;
    - `class_names` are all classes of the data set, at hand or not; labels count in them;
    - `view`, `test_view`: how images are cut;
    - `preprocess`: what is done to a batch of RGB images in 0..255 at the end, nothing if
      None. `preprocessed` sets it.

    A `DataSet`. Where `memory.Data` holds arrays, this reads files, always by `tf.data`.
    Raises ValueError for an empty split, labels beyond the classes, or views of two sizes.
    """

    name: str
    description: str
    class_names: tuple[str, ...]
    train: Photographs
    validation: Photographs
    test: Photographs
    view: TrainingView = views.PAPER
    test_view: TestView = views.SINGLE
    preprocess: Callable[[Any], Any] | None = None
    splits: tuple[str, ...] = field(default=("train", "validation", "test"), init=False)

    def __post_init__(self) -> None:
        for split in self.splits:
            labels = getattr(self, split).labels
            if not len(labels) or labels.min() < 0 or labels.max() >= self.num_classes:
                raise ValueError(
                    f"{split}: expected photographs with labels in 0..{self.num_classes - 1}. "
                    f"Received: {len(labels)} of them, labels {sorted(set(labels.tolist()))[-3:]}"
                )
        if self.view.size != self.test_view.size:
            raise ValueError(
                "Training and test images must have one size. "
                f"Received: {self.view.size} and {self.test_view.size}"
            )

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of every image that the batches hold."""
        return (self.view.size, self.view.size, 3)

    @property
    def build_arguments(self) -> dict[str, Any]:
        """The arguments with which `networks.build` makes a network for this data."""
        return {"input_shape": self.image_shape, "num_classes": self.num_classes}

    @property
    def mean(self) -> np.ndarray:
        """ImageNet's mean of each channel, (3,) float32 in 0..255, RGB."""
        return np.array(CHANNEL_MEAN, "float32")

    @property
    def fingerprint(self) -> str:
        """By which a checkpoint knows its training images again: a hash of names, labels, views.

        Of a `preprocess` that is a plain function only the name counts.
        """
        made_ready = self.preprocess
        if made_ready is not None and not dataclasses.is_dataclass(made_ready):
            made_ready = getattr(made_ready, "__qualname__", type(made_ready).__name__)
        seen = repr([self.view, self.test_view, made_ready]).encode()
        parts = self.train.names.tobytes(), self.train.labels.tobytes(), seen
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def seen_as(self, view: TrainingView) -> Photos:
        """The same photographs, cut for training as a recipe's `view` says.

        Raises ValueError if that is of another size than the test images.
        """
        return dataclasses.replace(self, view=view)

    def preprocessed(self, preprocess: Callable[[Any], Any] | None) -> Photos:
        """The same photographs, made ready by another function of RGB batches in 0..255.

        It takes the place of the one before. A `weights.Preprocessing` also says how test
        images are resized and cropped, and training images are scaled along.
        """
        if not isinstance(preprocess, Preprocessing):
            return dataclasses.replace(self, preprocess=preprocess)
        p = preprocess
        sides = tuple(round(s * p.crop / self.view.size) for s in self.view.shorter_side)
        view = dataclasses.replace(
            self.view, size=p.crop, shorter_side=sides, interpolation=p.interpolation
        )
        test_view = TestView(p.resize, p.crop, p.interpolation)
        return dataclasses.replace(self, preprocess=p, view=view, test_view=test_view)

    def only(self, class_names: Sequence[str]) -> Photos:
        """The photographs of some classes, whose labels are their places in `class_names`.

        The description says so. Raises ValueError for an unknown or a repeated class, and
        for one of which a split has no photograph, naming those that are at hand.
        """
        class_names = tuple(class_names)
        old = [self.class_names.index(n) for n in class_names if n in self.class_names]
        at_hand = set.intersection(*(set(getattr(self, s).labels.tolist()) for s in self.splits))
        if not old or len({*old} & at_hand) < len(class_names):
            names = ", ".join(self.class_names[i] for i in sorted(at_hand))
            raise ValueError(
                "`class_names` must be different classes with photographs in every split. At hand "
                f"are {names}. Received: class_names={class_names!r}"
            )
        new = {label: place for place, label in enumerate(old)}
        parts = {}
        for split in self.splits:
            part = getattr(self, split)
            part = part[np.isin(part.labels, old)]
            labels = np.array([new[label] for label in part.labels.tolist()], "int32")
            parts[split] = dataclasses.replace(part, labels=labels)
        count = sum(map(len, parts.values()))
        part = f"{len(old)} of {self.num_classes:,} classes, {count:,} photographs"
        description = f"{self.description.split(' (')[0]} ({part})"
        return dataclasses.replace(self, description=description, class_names=class_names, **parts)

    def batches(
        self,
        split: str,
        batch_size: int,
        *,
        chosen: slice | np.ndarray = slice(None),
        crops: int = 1,
        shard: tuple[int, int] = (0, 1),
    ) -> tf.data.Dataset:
        """The photographs of one split in their order, as they are tested.

        Elements are (N, H, W, 3) float32, the central crop, and (N,) int32; with `crops=10`
        (N, 10, H, W, 3), see `views.ten_crop`. The last batch may be smaller. `chosen` are
        places in the split, by default all. Process i of n with `shard=(i, n)` gets every n-th
        photograph of them: each is in exactly one share.

        Raises ValueError for an unknown split or shard, other crops, or no batch size; the
        batches raise `tf.errors.InvalidArgumentError` naming a file that is damaged.
        """
        import tensorflow as tf

        size(self, split)  # raises for what is none
        expect.integer("batch_size", batch_size)
        looks = {1: views.centre, views.TEN: views.ten}
        expect.one_of("crops", crops, looks)
        sampling.check_shard(shard)
        part = getattr(self, split)[chosen]
        mine = np.arange(shard[0], len(part), shard[1])
        count = -(-len(mine) // batch_size)
        order = tf.data.Dataset.from_tensor_slices(mine).batch(batch_size)
        look = partial(looks[crops], view=self.test_view)
        return pipeline.seen(order, part, look, batch_size, preprocess=self.preprocess, count=count)

    def training_batches(
        self,
        batch_size: int,
        *,
        seed: int,
        first_step: int = 0,
        padding: int = 0,
        flip: bool = True,
        shuffle: str = "images",
        shard: tuple[int, int] = (0, 1),
        threads: int | None = None,
        order: str = decoding.CROP_FIRST,
    ) -> tf.data.Dataset:
        """The training photographs for ever, epoch after epoch, shuffled, cut as `view` says.

        Elements are (batch_size, H, W, 3) float32 and (batch_size,) int32. Order and cuts
        depend on `seed` and the step alone, so a training that goes on at `first_step` sees
        what it would have seen without the stop. An epoch shows each photograph once, but for
        the last few that do not fill a batch: they wait for another epoch.

        Process i of n with `shard=(i, n)` gets its share of each batch, batch_size / n
        photographs, and reads no others. The shares of all processes are the batch that one
        process alone would get: `batch_size` is that of all together.

        Without `flip` none is mirrored, whatever `view` says; `padding` changes nothing: it is
        of images in memory. `threads` limits how many decode; None is one for each processor.
        `order` is one of `decoding.ORDERS`: the same images at another price.

        Raises ValueError for what is no batch size, shard or order; the batches raise
        `tf.errors.InvalidArgumentError` naming a file that is damaged.
        """
        import tensorflow as tf

        expect.one_of("order", order, decoding.ORDERS)
        steps_per_epoch(self, batch_size)  # raises for what is no batch size
        mine = sampling.share(batch_size, shard)
        indices = sampling.Order(len(self.train), batch_size, seed=seed, shuffle=shuffle)

        def drawn(step):
            return indices(step)[mine], views.draws(batch_size, seed=seed, step=int(step))[mine]

        share = mine.stop - mine.start

        def order_of(step):
            chosen, chances = tf.numpy_function(drawn, [step], ("int64", "float32"))
            return tf.ensure_shape(chosen, share), tf.ensure_shape(chances, (share, 7))

        steps = tf.data.Dataset.range(first_step, tf.int64.max).map(order_of)
        view = dataclasses.replace(self.view, flip=flip and self.view.flip)
        look = partial(views.training_view, view=view, order=order)
        return pipeline.seen(
            steps, self.train, look, share, preprocess=self.preprocess, threads=threads
        )

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(getattr(self, name)):,} {name}" for name in self.splits)
        return (
            f"{self.description}\n{sizes} photographs, seen as {self.image_shape}, "
            f"{self.num_classes} classes"
        )
