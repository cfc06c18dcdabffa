"""`python -m helpers` with images and a network so small that a training takes a moment.

For the tests of several processes, each of which runs this file. Variables:
WATCH=PATH writes the loss of every step, and what batch normalization has gathered at the
end, as JSON; FAIL=1 raises an error after that epoch; PAUSE=0.5 waits after each step;
PHOTOS=FOLDER puts the photographs that lie there in ImageNet's place.
"""

import dataclasses
import json
import os
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # where this file is run by itself
import conftest  # first: it may add the folder where JAX lies

# isort: split
import keras
import numpy as np
import pytest

from helpers import datasets, recipes, specs, training
from helpers.__main__ import main
from helpers.specs import Network, Stage, Stem

SIZES = (168, 21, 17)  # divided by neither batch nor devices
TINY = Network(
    name="tiny6",
    input_shape=(8, 8, 3),
    num_classes=4,
    stem=Stem(kernel_size=3, filters=8, stride=1, max_pooling=False),
    stages=(Stage("conv2_x", "basic", 8, 1, 1), Stage("conv3_x", "basic", 16, 1, 2)),
    shortcut="A",
)


class Watch(keras.callbacks.Callback):
    """Notes every step, says when an epoch is over, and fails or waits if told to."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
        time.sleep(float(os.environ.get("PAUSE", "0")))

    def on_epoch_end(self, epoch, logs=None):
        print(f"after epoch {epoch + 1}", flush=True)
        if int(os.environ.get("FAIL", "0")) == epoch + 1:
            raise RuntimeError("the disk is full")


def write(path, watch, model):
    """What a training went through, and the moving statistics that it ended with."""
    bn = model.get_layer("conv1_bn")
    moving = [np.asarray(v).tolist() for v in (bn.moving_mean, bn.moving_variance)]
    with open(path, "w") as file:
        json.dump({"losses": watch.losses, "moving": moving}, file)


def install(patch):
    """`shapes` of 8x8 pixels in four colours, `tiny6`, and a training that is watched."""
    parts = [datasets.Split(*conftest.coloured(n, 8, seed)) for seed, n in enumerate(SIZES)]
    data = datasets.Data("shapes", "small shapes", ("a", "b", "c", "d"), *parts)
    patch.setitem(datasets.LOADERS, "shapes", lambda _: data)
    patch.setitem(datasets.TRAINING_IMAGES, "shapes", SIZES[0])
    patch.setitem(specs._NETWORKS, "tiny6", TINY)
    if "PHOTOS" in os.environ:
        from photo_archives import coloured_photos

        photos = coloured_photos(os.environ["PHOTOS"])
        patch.setitem(datasets.LOADERS, "imagenet2012", lambda _: photos)
        recipe = dataclasses.replace(recipes.HE2015_IMAGENET, view=photos.view)
        patch.setitem(recipes.RECIPES, recipe.name, recipe)
    train = training.train

    def watched(*arguments, **options):
        watch = Watch()
        run = train(*arguments, **options, callbacks=(watch,))
        if "WATCH" in os.environ:
            write(os.environ["WATCH"], watch, run.model)
        return run

    patch.setattr(training, "train", watched)


if __name__ == "__main__":
    install(pytest.MonkeyPatch())
    sys.exit(main())
