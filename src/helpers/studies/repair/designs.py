"""What the published notebook chose, and the repairs, each as one changed choice."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from helpers.support import expect


@dataclass(frozen=True)
class Design:
    """What the published notebook chose, one field each; the defaults are its own.

    - `validation`: on the "test" images, after training on all 50,000 others, or on a
      "split" of 5,000 training images;
    - `shuffle`: "batches" after they were made, or "images" before;
    - `order`: "relu-bn", in a block convolution, ReLU, batch normalization, and none of
      the latter outside the blocks; or "bn-relu", as in the paper, after every convolution;
    - `biases`: whether a convolution has one although batch normalization follows at
      once (where something else follows it has one in any case);
    - `head`: "hidden", one more 3x3 convolution, then global average pooling, 256 hidden
      units, dropout and the classifier; or "pooling", only pooling and the classifier;
    - `downsampling`: whether the first block of each later stage has stride 2;
    - `filters`: the "same" in all blocks, or "doubled" where the maps are halved;
    - `stem`: "pooling", two convolutions and a 3x3 max pooling, then ten blocks on maps a
      quarter as wide as the image; or "convolution", one, then nine blocks from full
      resolution on, with a quarter of the filters: such a convolution costs the same;
    - `crop`: the "central" three quarters of height and width; "none"; or "random", from
      the whole image with a border of 4 pixels;
    - `defaults`: of Keras, Glorot's initial kernels, batch normalization with
      momentum 0.99 and epsilon 1e-3; or the paper's family's, He's, 0.9 and 1e-5;
    - `recipe`: "adam" at its default rate on images divided by 255, or "sgd", the paper's
      with its schedule and weight decay, on images minus their mean;
    - `shortcut`: whether a block adds its input.

    Raises ValueError for another value.
    """

    validation: Literal["test", "split"] = "test"
    shuffle: Literal["batches", "images"] = "batches"
    order: Literal["relu-bn", "bn-relu"] = "relu-bn"
    biases: Literal[True, False] = True
    head: Literal["hidden", "pooling"] = "hidden"
    downsampling: Literal[False, True] = False
    filters: Literal["same", "doubled"] = "same"
    stem: Literal["pooling", "convolution"] = "pooling"
    crop: Literal["central", "none", "random"] = "central"
    defaults: Literal["keras", "paper"] = "keras"
    recipe: Literal["adam", "sgd"] = "adam"
    shortcut: Literal[True, False] = True

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            expect.one_of(field.name, getattr(self, field.name), get_args(hints[field.name]))

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """(blocks, filters) of each stage. A stage has maps half as wide as the one before."""
        small = self.stem == "pooling"
        repeats = (10 if small else 9,)
        if self.downsampling:
            repeats = (5, 5) if small else (3, 3, 3)
        first, factor = 64 if small else 16, 2 if self.filters == "doubled" else 1
        return tuple((n, first * factor**i) for i, n in enumerate(repeats))


PUBLISHED = Design()

# Each step is one repair away from the one before.
STEPS: dict[str, Design] = {"published": PUBLISHED}
for _name, _repair in {
    "validation": {"validation": "split"},
    "shuffled": {"shuffle": "images"},
    "order": {"order": "bn-relu"},
    "biases": {"biases": False},
    "head": {"head": "pooling"},
    "downsampling": {"downsampling": True},
    "filters": {"filters": "doubled"},
    "stem": {"stem": "convolution"},
    "crop": {"crop": "random"},
    "defaults": {"defaults": "paper"},
    "recipe": {"recipe": "sgd"},
}.items():
    STEPS[_name] = dataclasses.replace(list(STEPS.values())[-1], **_repair)

DESIGNS = {**STEPS, "plain": dataclasses.replace(PUBLISHED, shortcut=False)}  # never trained there
