"""Learning rates that Keras has no schedule for.

Source: Goyal et al. 2017, section 2.2. Book: chapter 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="helpers")
class LinearWarmup(keras.optimizers.schedules.LearningRateSchedule):
    """From `first` at step 0 to `last` at step `steps`, by as much each step; then `after`."""

    def __init__(self, first: float, last: float, steps: int, after: Callable):
        super().__init__()
        self.first, self.last, self.steps, self.after = first, last, steps, after

    def __call__(self, step):
        risen = ops.cast(step, "float32") / self.steps
        rising = self.first + (self.last - self.first) * risen
        return ops.where(risen < 1, rising, ops.cast(self.after(step), "float32"))

    def get_config(self) -> dict[str, Any]:
        after = keras.saving.serialize_keras_object(self.after)
        return {"first": self.first, "last": self.last, "steps": self.steps, "after": after}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LinearWarmup:
        after = keras.saving.deserialize_keras_object(config["after"])
        return cls(**{**config, "after": after})
