"""How a gradient grows on its way back through the blocks: chapter 2's argument in formulas.

Of nets before training, with batch normalization. Factors are of the *squared* norm of the
gradient with respect to x, the blocks' outputs, and stand in the order of the blocks.

Source: Yang et al. 2019, Theorem 8 (plain nets); De and Smith 2020 (residual ones); for RepVGG's
branches the same argument, carried over.
Book: chapters 1, 2, 8 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from helpers import specs

# A layer of a wide, fully connected net multiplies by this, for large batches: ReLU halves,
# He's kernels double, and batch normalization divides by the variance, 1 - 1 / pi.
RELU_AND_BATCH_NORM = math.pi / (math.pi - 1)


def factors(gradients: Mapping[str, float]) -> np.ndarray:
    """By what each block multiplies the squared norm, from `inspection.activation_gradients`.

    One fewer than the norms: the first of them is the stem's, which belongs to no block.
    Raises ValueError for fewer than two.
    """
    norms = np.array(list(gradients.values()))
    if len(norms) < 2:
        raise ValueError(f"Expected the gradients of at least two blocks. Received: {gradients}")
    return (norms[:-1] / norms[1:]) ** 2


def growth(by_block: Sequence[float]) -> np.ndarray:
    """From factors: the norm in each block's output, stem first, where the last block's is 1."""
    backwards = np.cumprod(np.asarray(by_block)[::-1])
    return np.sqrt(np.append(backwards[::-1], 1.0))


def rule(network: str | specs.Network, a: float) -> np.ndarray:
    """The argument's factors: `a` for every block of a plain net, 1 + a / l for a residual one.

    `a` is what a block of the plain net multiplies by, l the number of the block, from 1.
    """
    network = specs.resolve(network)
    blocks = np.arange(1, 1 + sum(stage.repeats for stage in network.stages))
    return 1 + a / blocks if _residual(network) else np.full(len(blocks), float(a))


def sizes(network: str | specs.Network, *, carried: float = 1.0, first: float = 0.5) -> np.ndarray:
    """What root mean square of x the argument expects in each block's output, stem first.

    After batch normalization and ReLU the mean square is 1/2; so it is everywhere in a plain
    net, and in a RepVGG half the number of branches. A residual block adds F, whose mean square
    is 1. Where option A appends as many empty channels as there are, the mean square is halved
    before. `carried` is what a shortcut multiplies x by, where it is not the identity, and
    `first` the mean square that the stem puts out: one without batch normalization has another.

    Raises ValueError for a residual net without option A, whose projections are not covered.
    """
    return np.sqrt(_mean_squares(specs.resolve(network), carried, first))


def by_size(
    network: str | specs.Network, a: float, *, carried: float = 1.0, first: float = 0.5
) -> np.ndarray:
    """The factors of a residual net from the expected size of x: 1 + a / (its mean square).

    `a` is as in `rule`. The last ReLU of a plain block halves the square; F alone, without
    it, multiplies by 2 a where x has mean square 1/2, and by a / s where it has s. The
    shortcut's part is 1, and 1/2 where half of the channels lead into option A's zeros; with
    `carried` it is multiplied by the square of that. `carried` and `first` are as in `sizes`.
    With pre-activation all is the same but for the stem.

    Raises ValueError for a plain net, or as `sizes` does.
    """
    network = specs.resolve(network)
    if not _residual(network):
        raise ValueError(f"Expected a residual net. Received: {network.name}")
    squares = _mean_squares(network, carried, first)
    return carried**2 * _kept(network) + a / squares[:-1]


def by_branches(network: str | specs.Network, a: float) -> np.ndarray:
    """The factors of a RepVGG: sqrt(a) times its branches, over those of the block before.

    `a` is as in `rule`, of a plain block, which has two layers; this block has one. A branch ends
    with a batch normalization, so it has mean square 1, and the sum of k branches has k, of which
    the ReLU leaves k / 2. So x does not grow from block to block, as it does with an identity
    that is not normalized: where each of the branches divides by the size of x, a block with as
    many branches as the one before multiplies by what a plain layer multiplies by.

    Raises ValueError for another net.
    """
    network = specs.resolve(network)
    if network.kinds != {"repvgg"}:
        raise ValueError(f"Expected a net of repvgg blocks. Received: {network.name}")
    branches = _branches(network)
    return math.sqrt(a) * branches[1:] / branches[:-1]


def _branches(network):
    """How many normalized maps each block of a RepVGG adds up, the stem's one before them."""
    before, branches = network.stem.filters, [1]
    for stage in network.stages:
        same = stage.stride == 1 and stage.filters == before
        branches += [2 + same] + (stage.repeats - 1) * [3]
        before = stage.filters
    return np.array(branches)


def normalizer_free_sizes(network: str | specs.Network, alpha: float = 0.2) -> np.ndarray:
    """The standard deviation of x at the input of each block of a normalizer-free net.

    Each block adds alpha^2 to the variance, which is 1 behind the stem. A projection reads maps
    that were divided by their size and starts at 1 again; option A's empty channels divide it.
    The sizes by which the blocks of such a net divide (`blocks.preactivation_block`).

    Source: Brock et al. 2021a, section 3. Book: chapter 9.
    """
    network = specs.resolve(network)
    sizes, variance, before = [], 1.0, network.stem.filters
    for stage in network.stages:
        for i in range(stage.repeats):
            sizes.append(math.sqrt(variance))
            changes = before != stage.channels or (i == 0 and stage.stride > 1)
            if network.shortcut == "C" or (network.shortcut == "B" and changes):
                variance = 1.0
            else:
                variance *= before / stage.channels
            variance, before = variance + alpha**2, stage.channels
    return np.array(sizes)


def _residual(network):
    return all(stage.block in specs.RESIDUAL_BLOCKS for stage in network.stages)


def _kept(network):
    """The share of a block's channels that its shortcut fills: filters before / after."""
    before, kept = network.stem.filters, []
    for stage in network.stages:
        kept += [before / stage.channels] + (stage.repeats - 1) * [1.0]
        before = stage.channels
    return np.array(kept)


def _mean_squares(network, carried, first):
    squares = [first]
    if network.kinds == {"repvgg"}:
        return np.array([first, *_branches(network)[1:] / 2])
    if not _residual(network):
        return np.array(squares * (1 + sum(stage.repeats for stage in network.stages)))
    if network.shortcut != "A":
        raise ValueError(
            f'Expected a net with identity shortcuts alone, shortcut="A". '
            f"Received: {network.name} with option {network.shortcut}"
        )
    for kept in _kept(network):
        squares.append(carried**2 * kept * squares[-1] + 1)
    return np.array(squares)
