"""Architecture as data: every network of the book as one frozen record.

The builder (`networks`), the counter (`counting`) and the drawings all read these records,
so a number on a page and a layer in a model come from one place. No Keras here.

Source: He et al. 2015, Table 1 (ImageNet) and section 4.2 (CIFAR-10); Simonyan and
Zisserman 2015, Table 1 (VGG); later ones stand in `specs.catalogue`.
Book: chapters 1 to 4 and 9.
"""

from helpers.specs.catalogue import _NETWORKS as _NETWORKS
from helpers.specs.catalogue import OF_2015, cifar, names
from helpers.specs.changes import get, narrowed, resolve
from helpers.specs.network import NORMALIZER_FREE, STARTS, Network, Start, order
from helpers.specs.parts import (
    BLOCKS,
    BOTTLENECK_BLOCKS,
    BOTTLENECK_STRIDES,
    CONVOLUTIONS,
    EXPANSION,
    LAYERS,
    OPTIONS,
    PREACTIVATION_BLOCKS,
    RESIDUAL_BLOCKS,
    BlockKind,
    BottleneckStride,
    Option,
    Stage,
    Stem,
)
from helpers.specs.titles import titles

__all__ = [
    "BLOCKS",
    "BOTTLENECK_BLOCKS",
    "BOTTLENECK_STRIDES",
    "CONVOLUTIONS",
    "EXPANSION",
    "LAYERS",
    "NORMALIZER_FREE",
    "OF_2015",
    "OPTIONS",
    "PREACTIVATION_BLOCKS",
    "RESIDUAL_BLOCKS",
    "STARTS",
    "BlockKind",
    "BottleneckStride",
    "Network",
    "Option",
    "Stage",
    "Start",
    "Stem",
    "cifar",
    "get",
    "names",
    "narrowed",
    "order",
    "resolve",
    "titles",
]
