"""A process that ends while its input is at work ends all the same."""

from __future__ import annotations

import atexit
import functools
import gc


@functools.cache
def close_iterators() -> None:
    """From the first call on, iterators of `tf.data` are closed before Python shuts down.

    Whoever makes a `tf.data.Dataset` that calls Python says so here. An iterator waits for its
    threads when it is closed, and theirs wait for Python. Where one is left when Python shuts
    down, as an error leaves it in its traceback, both would wait for ever.
    """
    atexit.register(_close)


def _close() -> None:
    from tensorflow.python.data.ops.iterator_ops import OwnedIterator

    for thing in gc.get_objects():
        if type(thing) is OwnedIterator:
            thing._iterator_resource = None
