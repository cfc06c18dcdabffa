"""From places on disk to batches: read, decode in parallel, count, batch, make ready.

Book: chapter 7.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from helpers.datasets import at_exit
from helpers.datasets.photos.tfrecords import Photographs

if TYPE_CHECKING:
    import tensorflow as tf

_FOR_EVER = -1  # tf.data.INFINITE_CARDINALITY
_END = -1  # the place of the mark that ends a batch


class DamagedError(RuntimeError):
    """A photograph cannot be decoded; the message names it and its file."""


@contextlib.contextmanager
def damage_named() -> Iterator[None]:
    """Turns TensorFlow's error for a damaged photograph, raised inside, into `DamagedError`.

    TensorFlow's own message has pages, of which one line says which photograph it is.
    """
    try:
        yield
    except Exception as error:
        found = re.search(r"ValueError: (.* cannot be decoded: .*)", str(error))
        if found is None:
            raise
        raise DamagedError(found[1]) from error


def seen(
    order: tf.data.Dataset,
    part: Photographs,
    look: Callable[..., tf.Tensor],
    batch_size: int,
    *,
    preprocess: Callable[[Any], Any] | None = None,
    threads: int | None = None,
    count: int | None = None,
) -> tf.data.Dataset:
    """Batches of what `look` makes of each photograph's file, and their labels.

    `order` holds a tuple for each batch: up to `batch_size` indices, and what `look` takes
    besides the file, a row for each photograph. `count` is how many batches there are; None
    is for ever, and all of `batch_size`. `preprocess` is applied to a batch, `threads` limits
    how many decode; None is one for each processor.

    No photograph is left out in silence. TensorFlow's error for a damaged file does not say
    which one it is, and to catch it image by image costs a fifth of the time. So such images
    are let go, each batch ends in a mark that says what should be there, and one comparison
    a batch finds what is not: `tf.errors.InvalidArgumentError` with its name.
    """
    import tensorflow as tf

    at_exit.close_iterators()
    if keras.backend.backend() != "tensorflow":
        _leave_accelerators(tf)
    mark = tf.io.encode_jpeg(tf.zeros((1, 1, 3), "uint8")).numpy()  # decodes like the others
    as_it_is = tf.autograph.experimental.do_not_convert  # there is no Python to translate

    def read(indices):
        files, names = [], []
        for i in indices:
            names.append(part.where(i))
            try:
                files.append(part.read(i))
            except OSError as error:
                files.append(b"")
                names[-1] += f" [{error}]"
        notes = [b""] * len(files) + ["\n".join(names).encode()]
        labels = np.append(part.labels[indices], len(files)).astype("int32")
        places = np.append(np.arange(len(files)), _END).astype("int32")
        return np.array([*files, mark], object), np.array(notes, object), labels, places

    def fetch(indices, *chances):
        values = tf.numpy_function(read, [indices], (tf.string, tf.string, tf.int32, tf.int32))
        for value in values:
            value.set_shape((None,))
        return *values, *(tf.pad(rows, [[0, 1], [0, 0]]) for rows in chances)

    def see(file, note, label, place, *chances):
        return look(file, *chances), note, label, place

    def counted(images, notes, labels, places):
        there = tf.size(places) - 1
        complete = (
            (places[-1] == _END)
            & (labels[-1] == there)
            & tf.reduce_all(places[:-1] == tf.range(there))
        )
        checked = tf.cond(
            complete, lambda: True, lambda: tf.numpy_function(_lost, [places, notes], tf.bool)
        )
        with tf.control_dependencies([checked]):
            return _made_ready(images[:-1], preprocess), labels[:-1]

    batches = (
        order.map(as_it_is(fetch), num_parallel_calls=min(threads or 4, 4))
        .unbatch()
        .map(as_it_is(see), num_parallel_calls=threads or os.cpu_count())
        .ignore_errors(log_warning=True)
        .batch(batch_size + 1, drop_remainder=count is None)
        .map(as_it_is(counted))
        .prefetch(2)
        # What else may fail above must not end in fewer batches, either.
        .apply(tf.data.experimental.assert_cardinality(_FOR_EVER if count is None else count))
    )
    options = tf.data.Options()
    options.autotune.enabled = False  # see `datasets.batches`
    if threads is not None:
        options.threading.private_threadpool_size = threads
        options.threading.max_intra_op_parallelism = 1
    return batches.with_options(options)


def _lost(places: np.ndarray, notes: np.ndarray):
    """Raises ValueError with the names of the photographs that the first mark misses."""
    end = places.tolist().index(_END)
    names = notes[end].decode().split("\n")
    lost = [name for place, name in enumerate(names) if place not in places[:end]]
    raise ValueError(
        f"{'; '.join(lost)} cannot be decoded: damaged or no image. Fetch the data set's "
        "archives again, or compare their check sums."
    )


def _leave_accelerators(tf) -> None:
    """TensorFlow reads and decodes on processors; the memory of a GPU is for who trains."""
    with contextlib.suppress(RuntimeError):  # it has started already
        tf.config.set_visible_devices([], "GPU")


def _made_ready(images, preprocess):
    import tensorflow as tf

    if preprocess is None:
        return images
    if keras.backend.backend() == "tensorflow":
        return preprocess(images)
    made = tf.numpy_function(preprocess, [images], tf.float32)  # Keras' operations are others
    return tf.ensure_shape(made, images.shape)
