"""What each block has made of the images: features, their likeness, and what they would say.

Features are computed on any backend, linear probes by scikit-learn.

Source: Kornblith et al. 2019; Jastrzebski et al. 2018; Alain and Bengio 2016. Book: chapter 8.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from helpers.inspection import anatomy, passes
from helpers.support import expect


def linear_cka(a: np.ndarray, b: np.ndarray, *, debiased: bool = False) -> float:
    """How alike two sets of features are, whatever their directions: linear CKA.

    `a` (N, p) and `b` (N, q) are features of the same N images, or maps (N, H, W, C), which are
    taken as H W C features. 1 if b is a turned, scaled or shifted, and 0 if no feature of the
    one goes with any of the other. The N x N matrices of inner products are all that is held.

    With few images and many features noise looks alike: independent features have far
    more than 0. With `debiased` the same is 0 on average, and may come out below 0.

    Raises ValueError if a and b are not of the same images, have too few of them (2, or 4 for
    `debiased`), hold NaN or infinity, or are the same for all images.

    Source: Kornblith et al. 2019, section 3; Nguyen et al. 2021, equation 3 (debiased, after
    Song et al. 2012). Book: chapter 8.
    """
    return float(cka_matrix({"a": a, "b": b}, debiased=debiased)[0, 1])


def cka_matrix(features: Mapping[str, np.ndarray], *, debiased: bool = False) -> np.ndarray:
    """`linear_cka` of every one of these features with every other, (n, n) float64.

    In the order of the mapping, which may come from `block_features`. Each is multiplied out
    once, where n^2 calls of `linear_cka` would do it n times. Raises ValueError as that does.

    Source: Kornblith et al. 2019, section 3. Book: chapter 8.
    """
    least = 4 if debiased else 2
    shapes = {name: np.shape(x) for name, x in features.items()}
    images = {shape[:1] for shape in shapes.values()}
    too_few = any(len(shape) < 2 or shape[0] < least for shape in shapes.values())
    if too_few or len(images) != 1:
        raise ValueError(
            f"Expected features of the same images, (N, p) each, at least {least} images. "
            f"Received: {shapes}"
        )
    flat = np.array([_gram(name, x, debiased).ravel() for name, x in features.items()])
    inner = flat @ flat.T
    sizes = np.sqrt(np.diag(inner))
    return inner / np.outer(sizes, sizes)


def block_features(
    model: keras.Model, images: np.ndarray, *, pooled: bool = True, batch_size: int = 250
) -> dict[str, np.ndarray]:
    """What each block puts out in inference mode, stem first: {block name: features}.

    `pooled` means over all positions, (N, C) float32, or else whole maps, (N, H, W, C).
    `images` are (N, H, W, C) as the network is trained on. Whole maps of a 56-layer net for
    500 images take 550 MB.

    Raises ValueError for images that do not fit the model, or if its blocks are not found.

    Book: chapter 8.
    """
    return _features(model, anatomy.block_outputs(model), images, pooled, batch_size)


def early_exits(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, *, batch_size: int = 250
) -> dict[str, float]:
    """The error where a block's output goes to the pooling and the classifier at once, in %.

    For each block of the last stage, {block name: error in per cent of the images}; the last is
    the net's own. The blocks before have maps of another size and number of channels, which the
    classifier cannot read, and are left out. Nothing is trained anew. Images and labels are as
    in `inspection.gradient_norms`, in inference mode.

    Raises ValueError if images and labels do not fit the model, or if its blocks are not found.

    Source: Jastrzebski et al. 2018, section 4. Book: chapter 8.
    """
    blocks = anatomy.find_blocks(model)
    passes.check_batch(model, images, labels)
    last = blocks[-1].exit
    stage = {x.name: x.exit for x in blocks if x.exit.shape[1:] == last.shape[1:]}
    head = anatomy.between(last, model.output)
    maps = _features(model, stage, images, False, batch_size)
    errors = {}
    for name, x in maps.items():
        batches = range(0, len(x), batch_size)
        outputs = [head(x[i : i + batch_size], training=False) for i in batches]
        said = np.concatenate([ops.convert_to_numpy(out).argmax(-1) for out in outputs])
        errors[name] = 100 * float(np.mean(said != labels))
    return errors


def linear_probes(
    model: keras.Model,
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    *,
    batch_size: int = 250,
) -> dict[str, float]:
    """The test error of a linear classifier that reads one block's output, in %.

    For each block, stem first, {block name: error in per cent of the test images}: logistic
    regression on means over all positions, each feature scaled to variance 1 on the training
    images. The net itself is not trained. scikit-learn fits it, without noise and seeds.

    Raises ValueError if images and labels do not fit the model, if its blocks are not found, or
    if there are fewer than two classes; ImportError without scikit-learn.

    Source: Alain and Bengio 2016, section 3. Book: chapter 8.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError(
            'Expected scikit-learn, which fits linear probes: pip install "scikit-learn>=1.5,<2"'
        ) from error
    passes.check_batch(model, train_images, train_labels)
    passes.check_batch(model, test_images, test_labels)
    train = block_features(model, train_images, batch_size=batch_size)
    test = block_features(model, test_images, batch_size=batch_size)
    errors = {}
    for name in train:
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        probe.fit(train[name], train_labels)
        errors[name] = 100 * (1 - float(probe.score(test[name], test_labels)))
    return errors


def _features(model, outputs, images, pooled, batch_size):
    passes.check_batch(model, images)
    expect.integer("batch_size", batch_size)
    to_blocks = keras.Model(model.inputs, list(outputs.values()))
    parts = []
    for start in range(0, len(images), batch_size):
        maps = to_blocks(ops.convert_to_tensor(images[start : start + batch_size]), training=False)
        maps = [ops.cast(x, "float32") for x in (maps if isinstance(maps, list) else [maps])]
        maps = [ops.mean(x, axis=(1, 2)) if pooled else x for x in maps]
        parts.append([ops.convert_to_numpy(x) for x in maps])
    return {
        name: np.concatenate(x) for name, x in zip(outputs, zip(*parts, strict=True), strict=True)
    }


def _gram(name, features, debiased):
    """The centred N x N inner products, so scaled that their own inner product is the HSIC."""
    x = np.reshape(features, (len(features), -1)).astype("float64")
    if not np.isfinite(x).all():
        raise ValueError(f"Expected finite features. Received: NaN or infinity in {name}")
    if not np.ptp(x, axis=0).any():
        raise ValueError(f"Expected features that differ by image. Received: constants in {name}")
    x -= x.mean(axis=0)
    gram = x @ x.T
    if debiased:  # U-centred: without the diagonal, on which every image is like itself
        n = len(gram)
        np.fill_diagonal(gram, 0)
        rows = gram.sum(axis=0) / (n - 2)
        gram += rows.sum() / (n - 1) - rows - rows[:, None]
        np.fill_diagonal(gram, 0)
    return gram
