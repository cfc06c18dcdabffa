"""What is changed in plain-56 or ResNet-56 to try a cause: one field each.

Source: He et al. 2015, section 4.1, and what each field names. Book: chapters 1, 2 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from helpers import specs
from helpers.support import expect


@dataclass(frozen=True)
class Intervention:
    """A net of the book with one thing changed, in the net, its start or its training.

    Of either net:

    - `slope`: every ReLU is a leaky one with this slope below zero. The kernels start by He's
      rule for slope 0: batch normalization makes up for the factor.

    Of the training:

    - `learning_rate`: in place of the recipe's 0.1;
    - `clip_norm`: the gradient of all weights together is made no longer than this, before
      weight decay and momentum (Pascanu et al. 2013);
    - `fixed_norms`: after every step each convolution's kernel is brought back to the norm
      that it had before the first. Batch normalization divides the size of a kernel out, so
      this changes no output; it takes away the blow-up of the kernels and nothing else.

    Of a plain net:

    - `dirac`: each 3x3 convolution of the blocks has the kernel I + W' in place of W, see
      `layers.DiracConv2D`. "added": W' is what W was, by He's rule. "scaled": each filter
      of it has norm 1 and learned factors, as in Zagoruyko and Komodakis 2017;
    - `deepened_from`: the trained net of that name, with layers that change nothing
      between its own (Chen et al. 2016, Net2Net), see `deepened`. From the net of the same
      depth none come between: it is trained on, as a control.

    Of a residual net:

    - `shortcut`: the factor of x in F(x) + x (He et al. 2016, section 3.1);
    - `zero_gamma`: gamma of the last batch normalization of each block starts at 0, so each
      block starts as its shortcut (Goyal et al. 2017, section 5.1);
    - `skip_init`: no batch normalization, and alpha F(x) + x in every block with a learned
      number alpha that starts at 0 (De and Smith 2020, section 4: SkipInit). The images are
      divided by 64, so that they lie between -2 and 2 about: in all other nets the batch
      normalization of the stem sees to their size.

    Raises ValueError for a field that the net has no use for, or a value that is none.
    """

    network: Literal["plain20", "plain56", "resnet20", "resnet56"] = "plain56"
    learning_rate: float | None = None
    clip_norm: float | None = None
    fixed_norms: bool = False
    slope: float = 0.0
    dirac: Literal["no", "added", "scaled"] = "no"
    deepened_from: str | None = None
    shortcut: float = 1.0
    zero_gamma: bool = False
    skip_init: bool = False

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for key in ("network", "dirac"):
            expect.one_of(key, getattr(self, key), get_args(hints[key]))
        expect.number("slope", self.slope, least=0, below=1)
        expect.number("shortcut", self.shortcut, above=0)
        for key in ("clip_norm", "learning_rate"):
            if (value := getattr(self, key)) is not None:
                expect.number(key, value, above=0)
        given = {k for k in (*_PLAIN, *_RESIDUAL) if getattr(self, k) != getattr(type(self), k)}
        if unfit := sorted(given & set(_PLAIN if self.residual else _RESIDUAL)):
            kind = "a plain" if self.residual else "a residual"
            raise ValueError(
                f"{', '.join(unfit)}: only {kind} net has that. Received: {self.network}"
            )
        if self.deepened_from is not None:
            shallow, deep = specs.get(self.deepened_from), specs.get(self.network)
            if shallow.shortcut or shallow.depth > deep.depth:
                raise ValueError(
                    f"`deepened_from` must be a plain net of at most {deep.depth} layers. "
                    f"Received: deepened_from={self.deepened_from!r}"
                )

    @property
    def residual(self) -> bool:
        """Whether the net has shortcuts."""
        return self.network.startswith("resnet")

    @property
    def bare(self) -> bool:
        """Whether it is the net as it is, with nothing changed."""
        return self == Intervention(self.network)


_PLAIN = ("dirac", "deepened_from")
_RESIDUAL = ("shortcut", "zero_gamma", "skip_init")

# The first four are what the others are compared with.
INTERVENTIONS: dict[str, Intervention] = {
    "plain20": Intervention("plain20"),
    "resnet20": Intervention("resnet20"),
    "plain56": Intervention("plain56"),
    "resnet56": Intervention("resnet56"),
    "tenth-rate": Intervention(learning_rate=0.01),
    "clipped": Intervention(clip_norm=1.0),
    "fixed-norms": Intervention(fixed_norms=True),
    "leaky0.5": Intervention(slope=0.5),
    "leaky0.8": Intervention(slope=0.8),
    "dirac": Intervention(dirac="added"),
    "dirac-scaled": Intervention(dirac="scaled"),
    "deepened": Intervention(deepened_from="plain20"),
    "continued": Intervention("plain20", deepened_from="plain20"),
    "halved": Intervention("resnet56", shortcut=0.5),
    "zero-gamma": Intervention("resnet56", zero_gamma=True),
    "skipinit": Intervention("resnet56", skip_init=True),
    "resnet56-leaky0.5": Intervention("resnet56", slope=0.5),
    "resnet56-leaky0.8": Intervention("resnet56", slope=0.8),
}

# What a picture calls them, in the words of the page's tables.
WRITTEN = {
    **specs.titles(("plain20", "resnet20", "plain56", "resnet56")),
    "tenth-rate": "a tenth of the rate",
    "clipped": "gradient clipped",
    "fixed-norms": "kernels keep their norms",
    "leaky0.5": "leaky ReLU, 0.5",
    "leaky0.8": "leaky ReLU, 0.8",
    "dirac": "I + W",
    "dirac-scaled": "I + W, scaled",
    "deepened": "starts as plain-20",
    "continued": "plain-20, trained on",
    "halved": "half of x",
    "zero-gamma": "gamma starts at 0",
    "skipinit": "factor starts at 0",
    "resnet56-leaky0.5": "ResNet-56, leaky ReLU, 0.5",
    "resnet56-leaky0.8": "ResNet-56, leaky ReLU, 0.8",
}


def get(name: str) -> Intervention:
    """One of `INTERVENTIONS`. Raises ValueError for an unknown name."""
    return INTERVENTIONS[expect.one_of("intervention", name, INTERVENTIONS)]
