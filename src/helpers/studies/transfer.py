"""A network that was trained on other images, put to a new use.

`features` are what it says of an image before its classifier, `linear_head` a classifier
learned on them, `freeze` what a training leaves as it is. `train` takes one of `METHODS` and
records it: the runs that chapter 6 compares over several seeds.

Source: Yosinski et al. 2014; Kornblith et al. 2019. Book: chapter 6.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from helpers import counting, networks, recipes, runs, specs, training, weights
from helpers.datasets import Photos
from helpers.datasets.photos import damage_named
from helpers.recipes import Recipe
from helpers.runs import Run
from helpers.specs import Network
from helpers.studies.named import Length, NamedPlan
from helpers.support import expect
from helpers.weights import Preprocessing

Frozen = Literal["body", "bn", "nothing"]
FROZEN: tuple[Frozen, ...] = ("body", "bn", "nothing")

SOURCE = "book/resnet56.cifar10"
BREEDS = ("Abyssinian", "american_bulldog", "Bengal")
SIDE = 48  # of the square that the net sees; it was trained on 32


def prepared(source: str, side: int) -> Preprocessing:
    """The preprocessing of published weights, for squares of `side` pixels.

    The square is cut from an image whose shorter side is 8/7 of it, as 224 from 256.
    """
    known = weights.get(source).preprocessing
    return dataclasses.replace(known, resize=round(side * 8 / 7), crop=side)


def features(model: keras.Model, data: Photos, split: str) -> tuple[np.ndarray, np.ndarray]:
    """What comes out of the average pooling, (N, channels) float32, and the labels, (N,).

    In inference mode, of the central squares. Raises ValueError for a model without
    `avg_pool` and for an unknown split.
    """
    if not any(layer.name == "avg_pool" for layer in model.layers):
        raise ValueError(
            "Expected a network of networks.build that ends in `avg_pool` and `fc`. "
            f"Received: {model.name}"
        )
    body = keras.Model(model.input, model.get_layer("avg_pool").output)
    x, y = [], []
    with damage_named():
        for images, labels in data.batches(split, 64):
            x.append(keras.ops.convert_to_numpy(body(np.asarray(images), training=False)))
            y.append(np.asarray(labels))
    return np.concatenate(x), np.concatenate(y)


def linear_head(
    x: np.ndarray, y: np.ndarray, num_classes: int, *, l2: float = 0.01
) -> tuple[np.ndarray, np.ndarray]:
    """A classifier of features (N, channels) with labels (N,): kernel and bias, for `fc`.

    Softmax regression: the mean cross-entropy plus l2 / 2 times the square of the kernel, in
    units in which every feature has mean 0 and standard deviation 1. The problem is convex, so
    there is one solution, and nothing depends on a seed. scikit-learn finds it.

    Raises ValueError if features and labels do not fit together, or a class has no image;
    ImportError without scikit-learn.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits  # which scikit-learn brings
    except ImportError as error:
        raise ImportError(
            'Expected scikit-learn, which fits linear heads: pip install "scikit-learn>=1.5,<2"'
        ) from error
    expect.integer("num_classes", num_classes, 2)
    if np.ndim(x) != 2 or np.shape(y) != (len(x),) or set(y) != set(range(num_classes)):
        raise ValueError(
            f"Expected features (N, channels) and N labels, of each class in 0..{num_classes - 1} "
            f"at least one. Received: shapes {np.shape(x)} and {np.shape(y)}, labels {np.unique(y)}"
        )
    scaler = StandardScaler().fit(x.astype("float64"))
    # Of two classes scikit-learn learns the difference of the two kernels, whose square is double.
    strength = 1 / (l2 * len(x)) * (2 if num_classes == 2 else 1)
    head = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000)
    # Steps this small gain nothing from more threads, and these wait for one another where
    # another program has a core: 17 times as long, beside a training.
    with threadpool_limits(1, "blas"):
        head.fit(scaler.transform(x.astype("float64")), y)
    w, bias = head.coef_, head.intercept_
    if num_classes == 2:
        w, bias = np.concatenate([-w, w]) / 2, np.concatenate([-bias, bias]) / 2
    kernel = w.T / scaler.scale_[:, None]
    return kernel.astype("float32"), (bias - scaler.mean_ @ kernel).astype("float32")


def freeze(model: keras.Model, what: Frozen) -> None:
    """What a training will leave as it is: the "body", all but `fc`; all of "bn"; or "nothing".

    A frozen batch normalization computes with its moving statistics and keeps them, in
    training, too: so Keras has it. It takes effect when the model is next compiled.
    Raises ValueError for another word.
    """
    expect.one_of("what", what, FROZEN)
    for layer in model.layers:
        if what == "body":
            layer.trainable = layer.name == "fc"
        else:
            is_bn = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = what == "nothing" or not is_bn


def error_by_batches(model: keras.Model, data: Photos, split: str, batch_size: int) -> float:
    """The error, 0 to 1, with batch normalization on the statistics of each batch.

    As a training step computes them, but nothing is learned, and the model is left as it was.
    """
    state, wrong = [keras.ops.convert_to_numpy(w) for w in model.weights], 0
    for images, labels in data.batches(split, batch_size):
        said = keras.ops.argmax(model(np.asarray(images), training=True), axis=1)
        wrong += int(np.sum(keras.ops.convert_to_numpy(said) != np.asarray(labels)))
        for variable, value in zip(model.weights, state, strict=True):
            variable.assign(value)
    return wrong / len(getattr(data, split))


@dataclass(frozen=True)
class Method:
    """One method, from photographs to a network of breeds.

    - `pretrained`: from the weights of `SOURCE` and a linear head on its features, or from
      random weights;
    - `frozen`: what stays as it is, see `freeze`;
    - `recipe`: how the rest is trained.
    """

    pretrained: bool
    frozen: Frozen
    recipe: Recipe


def recipe(name: str, *, images: int = 240, epochs: int, rate: float, batch_size: int) -> Recipe:
    """So many epochs of so many photographs; the last third of them at a tenth of the rate.

    The validation error is taken three times: after each third.
    """
    steps = epochs * images // batch_size // 3 * 3
    return dataclasses.replace(
        recipes.HE2015_CIFAR10,
        name=name,
        source=f"this book, chapter 6: {epochs} epochs of {images:,} photographs",
        steps=steps,
        batch_size=batch_size,
        learning_rate=rate,
        boundaries=(2 * steps // 3,),
        steps_per_epoch=steps // 3,
        padding=0,
    )


# The learning rates were chosen by the validation error of seed 0 alone.
FINE = {"epochs": 12, "batch_size": 16, "rate": 0.003}
_NEW = {"epochs": 12, "batch_size": 16, "rate": 0.02}
METHODS = {
    "finetuned": Method(True, "bn", recipe("finetuned", **FINE)),
    "bn-trained": Method(True, "nothing", recipe("bn-trained", **FINE)),
    "scratch": Method(False, "nothing", recipe("scratch", **_NEW)),
    "scratch-longer": Method(False, "nothing", recipe("scratch-longer", **{**_NEW, "epochs": 36})),
}


def record(method: str, data: str, *, seed: int) -> str:
    """The name of the record of one of `METHODS`: `oxford_iiit_pet-resnet56-METHOD-seed0`."""
    return f"{data}-{specs.resolve(weights.get(SOURCE).network).name}-{method}-seed{seed}"


def train(method: str, data: Photos, *, seed: int, **arguments: Any) -> Run:
    """Trains one of `METHODS` on `BREEDS` and records it, see `record`.

    `data` are the pets as `datasets.load` returns them; `arguments` go to `training.train`.
    The run is saved unless they say otherwise.

    Raises ValueError for an unknown method, and for data without one of the breeds.
    """
    expect.one_of("method", method, METHODS)
    if not isinstance(data, Photos):  # breeds are chosen, and squares of another size cut
        raise TypeError(f"`data` must be photographs. Received: {type(data).__name__}")
    chosen = METHODS[method]
    seen = data.only(BREEDS).preprocessed(prepared(SOURCE, SIDE))
    keras.utils.set_random_seed(seed)
    spec = specs.resolve(weights.get(SOURCE).network, **seen.build_arguments)
    model = networks.build(spec)
    if chosen.pretrained:
        weights.load(model, SOURCE, head=False)
        head = linear_head(*features(model, seen, "train"), seen.num_classes)
        model.get_layer("fc").set_weights(head)
    freeze(model, chosen.frozen)
    given = {"name": record(method, data.name, seed=seed), **arguments}
    save = given.pop("save", True)
    if save:
        runs.check_free(given["name"])
    also = given.pop("finish", None)

    def finish(run: Run) -> None:
        run.spec = runs.as_json(spec)
        if also:
            also(run)

    return training.train(model, seen, chosen.recipe, seed=seed, save=save, finish=finish, **given)


@dataclass(frozen=True)
class TransferPlan(NamedPlan):
    """One of `METHODS`, on breeds of Oxford-IIIT Pet. Raises ValueError for another."""

    kind: ClassVar[str] = "transfer"
    choices: ClassVar = METHODS
    images: ClassVar[str] = "oxford_iiit_pet"
    names_elsewhere: ClassVar[bool] = True

    def spec(self) -> Network:
        """The network, for the breeds and for the squares that are cut."""
        network = weights.get(SOURCE).network
        return specs.resolve(network, input_shape=(SIDE, SIDE, 3), num_classes=len(BREEDS))

    def record(self) -> str:
        return record(self.what, self.data, seed=self.seed)

    def length(self) -> Length:
        how, each = METHODS[self.what].recipe, counting.multiply_adds(self.spec())
        return Length(how.steps, how.steps_per_epoch, how.batch_size * each)

    def train(self, data: Photos, **arguments: Any) -> Run:
        given = {"name": self.record(), "command": self.command()}
        return train(self.what, data, seed=self.seed, **given, **arguments)
