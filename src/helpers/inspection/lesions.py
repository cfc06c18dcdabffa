"""Networks with blocks removed or in another order, and what that costs.

A block is removed by what `anatomy.Part.without` leaves of it; nothing is trained again. The
moving averages of the batch normalizations behind it were estimated with the block in its
place. They can be estimated anew, and the difference is what of the damage is theirs.

Source: Veit et al. 2016, sections 4.1 to 4.3. Book: chapter 8.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import keras
import numpy as np
from keras import layers, ops

from helpers.inspection import anatomy, passes
from helpers.support import expect

Step = tuple[int, bool]  # the place of a block in the network, and whether it is there


def errors_without(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    removed: Sequence[Collection[str]],
    *,
    renew_on: np.ndarray | None = None,
) -> np.ndarray:
    """The error in per cent with each of these sets of blocks removed: (len(removed),).

    `removed` holds sets of block names, `anatomy.take_apart(model).names`; the empty set is the
    whole net. Images (N, H, W, C) as the network sees them, all at once, in inference mode.
    With `renew_on`, training images as one batch, the moving averages of every net that is left
    are first estimated anew. What sets have in common at the input is computed once.

    The model is left as it was. Raises ValueError for names that are no blocks of the model, or
    what does not fit it.

    Source: Veit et al. 2016, Figures 3 and 5 (a). Book: chapter 8.
    """
    parts = anatomy.take_apart(model)
    routes = []
    for names in removed:
        if unknown := sorted(set(names) - set(parts.names)):
            expect.fail("removed", f"sets of {', '.join(parts.names)}", unknown)
        routes.append([(i, name not in names) for i, name in enumerate(parts.names)])
    return _errors(model, parts, images, labels, routes, renew_on)


def errors_reordered(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    orders: Sequence[Sequence[str]],
    *,
    renew_on: np.ndarray | None = None,
) -> np.ndarray:
    """The error in per cent with the blocks in each of these orders: (len(orders),).

    An order names every block once, and blocks change places with such of the same shape alone:
    `shuffled` draws them. Otherwise as `errors_without`.

    Source: Veit et al. 2016, Figure 5 (b). Book: chapter 8.
    """
    parts = anatomy.take_apart(model)
    place = {name: i for i, name in enumerate(parts.names)}
    stages = _stage_of(model)
    for order in orders:
        if sorted(order) != sorted(place):
            expect.fail("orders", f"every block once, of {', '.join(place)}", list(order))
        for name, instead in zip(parts.names, order, strict=True):
            if stages[name] != stages[instead]:
                expect.fail("orders", f"a block of the shape of {name} in its place", instead)
    routes = [[(place[name], True) for name in order] for order in orders]
    return _errors(model, parts, images, labels, routes, renew_on)


def random_sets(
    names: Sequence[str], number: int, draws: int, *, seed: int
) -> list[frozenset[str]]:
    """`draws` sets of `number` of these blocks, drawn at random, each set without repetition."""
    expect.integer("number", number, least=0, most=len(names))
    rng = np.random.default_rng([seed, number])
    return [frozenset(rng.choice(names, number, replace=False).tolist()) for _ in range(draws)]


def subset(names: Sequence[str], index: int) -> frozenset[str]:
    """The set with this number: it holds names[i] where bit i of `index` is 1."""
    expect.integer("index", index, least=0, most=2 ** len(names) - 1)
    return frozenset(name for i, name in enumerate(names) if index >> i & 1)


def shuffled(model: keras.Model, swaps: int, *, seed: int) -> list[str]:
    """An order of the blocks after so many swaps of two blocks of one stage, drawn at random.

    Blocks that change the shape stay where they are. Raises ValueError for a model in which no
    two blocks have the same shape.

    Source: Veit et al. 2016, section 4.3. Book: chapter 8.
    """
    expect.integer("swaps", swaps, least=0)
    stage_of = _stage_of(model)
    stages = {}
    for name, stage in stage_of.items():
        stages.setdefault(stage, []).append(name)
    groups = [names for names in stages.values() if len(names) > 1]
    if not groups:
        raise ValueError(f"Expected a model with blocks of one shape. Received: {model.name}")
    order, place = list(stage_of), {name: i for i, name in enumerate(stage_of)}
    rng = np.random.default_rng([seed, swaps])
    sizes = np.array([len(names) for names in groups])
    for _ in range(swaps):
        group = groups[rng.choice(len(groups), p=sizes / sizes.sum())]
        i, j = (place[name] for name in rng.choice(group, 2, replace=False))
        order[i], order[j] = order[j], order[i]
    return order


def kendall_tau(order: Sequence[str], original: Sequence[str]) -> float:
    """Kendall's rank correlation of two orders: 1 for the same, -1 for one turned round.

    Pairs in the same order, less pairs in the other, over all pairs. Raises ValueError if they
    do not hold the same names.
    """
    if sorted(order) != sorted(original):
        expect.fail("order", f"the names {', '.join(original)} in some order", list(order))
    places = np.array([list(original).index(name) for name in order])
    signs = np.sign(places[None, :] - places[:, None])
    pairs = len(places) * (len(places) - 1) / 2
    return float(np.triu(signs).sum() / pairs)


def _stage_of(model):
    """{block: what blocks that may change places share}; a name of its own if it may not."""
    stage_of, before, number = {}, None, 0
    for block in anatomy.find_blocks(model):
        shape = block.entry.shape[1:]
        if shape != block.exit.shape[1:]:
            stage_of[block.name] = block.name
            continue
        number += shape != before
        before = shape
        stage_of[block.name] = number
    return stage_of


def _errors(model, parts, images, labels, routes, renew_on):
    passes.check_batch(model, images, labels)
    if renew_on is not None:
        passes.check_batch(model, renew_on)
    norms = [x for x in model.layers if isinstance(x, layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    errors = np.zeros(len(routes))
    with passes.left_as_it_was(model), passes.nothing_left_out(model):
        try:
            for layer in norms:
                layer.momentum = 0.0  # the average is that of the one batch
            walk = _Walk(parts, images, renew_on)
            for i in sorted(range(len(routes)), key=lambda i: routes[i]):
                predicted = walk.along(routes[i]).argmax(axis=-1)
                errors[i] = 100 * (predicted != labels).mean()
        finally:
            for layer, momentum in zip(norms, momenta, strict=True):
                layer.momentum = momentum
    return errors


class _Walk:
    """Goes through the blocks of a net and remembers where it was after each of them.

    A state is the feature maps of the images to be measured and, where averages are estimated
    anew, those of the images for that.
    """

    def __init__(self, parts, images, renew_on):
        self.parts, self.renew = parts, renew_on is not None
        self.taken: list[Step] = []
        self.states = [self._step(parts.stem, (images, renew_on))]

    def along(self, route: list[Step]) -> np.ndarray:
        same = 0
        while same < min(len(route), len(self.taken)) and route[same] == self.taken[same]:
            same += 1
        del self.taken[same:], self.states[same + 1 :]
        for number, there in route[same:]:
            part = self.parts.blocks[number]
            self.states.append(self._step(part.whole if there else part.without, self.states[-1]))
            self.taken.append((number, there))
        return ops.convert_to_numpy(self._step(self.parts.head, self.states[-1])[0])

    def _step(self, function, state):
        measured, renewing = state
        if self.renew:  # first, because it sets the averages that `measured` is normalized by
            renewing = function(renewing, training=True)
        return function(measured, training=False), renewing
