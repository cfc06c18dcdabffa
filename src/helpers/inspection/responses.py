"""How strongly layers and blocks respond: Figure 7 of the paper, and what can be read from it.

After batch normalization the deviation of a channel *is* its |gamma|, so Figure 7 shows what the
net has learned to multiply by. `rescaled` shows that a plain net may have any such number in a
layer and remain the same function. In a residual net F(x) is added to x, and their sizes and
the angle between them mean something: `residual_ratios`.

Source: He et al. 2015, section 4.2 and Figure 7. Book: chapter 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from helpers.inspection import anatomy, passes
from helpers.support import expect


@dataclass(frozen=True)
class BlockResponse:
    """What a residual block adds to x, as means over images.

    `ratio` is |F(x)| / |s(x)|, norms over a whole image's maps, with s(x) for what the shortcut
    brings: x itself where it is the identity. `angle` lies between s(x) and s(x) + F(x), in
    degrees: how far the block turns the direction of x.
    """

    ratio: float
    angle: float


def layer_responses(
    model: keras.Model, images: np.ndarray, *, training: bool = True
) -> dict[str, np.ndarray]:
    """The standard deviation of what each batch normalization puts out, by channel: (C,).

    Over all images and positions of one batch, (N, H, W, C), before the ReLU or the addition.
    With `training` the batch's own statistics are used, otherwise the moving averages; the
    model is left as it was.

    Returns {layer name: deviations}, first layer first. Raises ValueError for images that do
    not fit the model, or if it has no batch normalization.

    Source: He et al. 2015, Figure 7, which shows one number a layer. Book: chapter 8.
    """
    norms = _norms(model)
    passes.check_batch(model, images)
    watched = keras.Model(model.input, [layer.output for layer in norms])
    with passes.left_as_it_was(model):
        found = watched(images, training=training)
    found = found if isinstance(found, list) else [found]
    return {
        layer.name: ops.convert_to_numpy(ops.std(ops.cast(maps, "float32"), axis=(0, 1, 2)))
        for layer, maps in zip(norms, found, strict=True)
    }


def gammas(model: keras.Model) -> dict[str, np.ndarray]:
    """|gamma| of each batch normalization, by channel: (C,), first layer first.

    Raises ValueError if the model has none.
    """
    return {layer.name: np.abs(ops.convert_to_numpy(layer.gamma)) for layer in _norms(model)}


def rescaled(model: keras.Model, layer: str, factor: float) -> keras.Model:
    """A copy of a plain net with `factor` times the response in one layer, and the same outputs.

    Gamma and beta of the batch normalization `layer` are multiplied by a positive `factor`. What
    comes out of the ReLU is then `factor` times as large, and the batch normalization after the
    next convolution divides it out; that one's moving averages follow, so that the outputs
    are the same in inference mode, too, its epsilon set aside.

    Raises ValueError for a factor that is not positive, a layer that is no batch normalization
    but the last, or a model with additions, where F(x) is added to x and its size counts.

    Source: He et al. 2015, Figure 7; Neyshabur et al. 2015 (rescaling). Book: chapter 8.
    """
    expect.number("factor", factor, above=0)
    norms = _norms(model)
    names = [norm.name for norm in norms]
    expect.one_of("layer", layer, names[:-1])
    if added := [x.name for x in model.layers if isinstance(x, layers.Add)]:
        expect.fail("model", f"a plain net; {added[0]} adds what is rescaled to x", model.name)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    here, after = (copy.get_layer(name) for name in names[names.index(layer) :][:2])
    for variable, times in (
        (here.gamma, factor),
        (here.beta, factor),
        (after.moving_mean, factor),
        (after.moving_variance, factor**2),
    ):
        variable.assign(variable * times)
    return copy


def residual_ratios(
    model: keras.Model, images: np.ndarray, *, training: bool = False, batch_size: int = 250
) -> dict[str, BlockResponse]:
    """How large F(x) is beside x in each residual block, and how far it turns x.

    `images` (N, H, W, C) as the network sees them, in batches of `batch_size`; in inference mode
    unless `training`. An image whose x is zero everywhere has no ratio and is left out.

    Returns {block name: `BlockResponse`}. Raises ValueError for images that do not fit the
    model, or for a model without residual blocks.

    Source: Greff et al. 2017; Jastrzebski et al. 2018, section 4. Book: chapter 8.
    """
    passes.check_batch(model, images)
    blocks = [block for block in anatomy.find_blocks(model) if block.residual is not None]
    if not blocks:
        raise ValueError(f"Expected a model with residual blocks. Received: {model.name}")
    watched = keras.Model(model.input, [x for b in blocks for x in (b.residual, b.carried)])
    found = {block.name: [] for block in blocks}
    with passes.left_as_it_was(model):
        for start in range(0, len(images), batch_size):
            maps = watched(images[start : start + batch_size], training=training)
            pairs = zip(maps[::2], maps[1::2], strict=True)
            for block, (f, x) in zip(blocks, pairs, strict=True):
                found[block.name].append(_ratio_and_angle(f, x))
    means = {name: np.nanmean(np.concatenate(rows), axis=0) for name, rows in found.items()}
    return {name: BlockResponse(float(r), float(angle)) for name, (r, angle) in means.items()}


def _ratio_and_angle(f, x):
    """(N, 2) from F(x) and the shortcut's x, both (N, H, W, C)."""
    f, x = (ops.convert_to_numpy(ops.cast(v, "float32")).reshape(len(v), -1) for v in (f, x))
    size_f, size_x, size_sum = (np.linalg.norm(v, axis=1) for v in (f, x, x + f))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(size_x > 0, size_f / size_x, np.nan)
        cosine = np.einsum("np,np->n", x, x + f) / (size_x * size_sum)
    return np.stack([ratio, np.degrees(np.arccos(np.clip(cosine, -1, 1)))], axis=1)


def _norms(model):
    norms = [x for x in model.layers if isinstance(x, layers.BatchNormalization)]
    if not norms:
        raise ValueError(f"Expected a model with batch normalization. Received: {model.name}")
    return norms
