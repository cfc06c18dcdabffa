"""What a training costs, worked out before anything runs: work, bytes, memory, time, money.

All that follows from network and recipe is counted. What does not, a machine's speed and
price and the size of the files, is asked for: such numbers age, so none stands here.

Source: He et al. 2015, section 3.4; the factor 3: a layer's backward pass computes the
gradients of its input and of its weights, each as much work as the forward pass.
Book: chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers import counting, specs
from helpers.recipes.recipe import Recipe
from helpers.specs import Network
from helpers.support import expect

PASSES = 3  # of multiply-adds in a training step: forward, gradient of inputs, of weights
_BYTES = {"float32": 4, "mixed_bfloat16": 2}  # of an activation
_COPIES = 3  # of every parameter, in float32: itself, its gradient, its momentum
_HOUR = 3600


@dataclass(frozen=True)
class Machine:
    """What computes, and what one asks for it.

    - `devices`: how many GPUs, say, train together;
    - `multiply_adds_per_second`: of one device at its peak, in the recipe's precision. Makers
      print operations, two for each multiply-add, and often with sparsity, which doubles them;
    - `share_of_peak`: what a training reaches of that, 0 to 1: measure it, or take it from
      a published run;
    - `price`: of one device for an hour, in any currency.

    Raises ValueError for a number that is not positive, or a share above 1.
    """

    devices: int
    multiply_adds_per_second: float
    share_of_peak: float
    price: float

    def __post_init__(self) -> None:
        expect.integer("devices", self.devices)
        expect.number("multiply_adds_per_second", self.multiply_adds_per_second, above=0)
        expect.number("share_of_peak", self.share_of_peak, above=0, most=1)
        expect.number("price", self.price, least=0)


@dataclass(frozen=True)
class Cost:
    """What a training needs.

    - `images`: seen in all, with repetitions; `epochs` of the training images;
    - `multiply_adds`: of all steps, forwards and backwards;
    - `bytes_read`: from disk or network, if nothing is kept in memory;
    - `bytes_per_second`: how fast they must come so that the devices do not wait;
    - `activation_bytes`, `state_bytes`: memory of one device, for what grows with the batch
      and for weights, gradients and momentum. What the backend needs besides is not in it;
    - `hours`, `device_hours`: of the machine, and of its devices together;
    - `money`: in the currency of the price. Evaluation is in none of these.
    """

    images: int
    epochs: float
    multiply_adds: int
    bytes_read: float
    bytes_per_second: float
    activation_bytes: int
    state_bytes: int
    hours: float
    device_hours: float
    money: float


def training(
    network: str | Network,
    recipe: Recipe,
    machine: Machine,
    *,
    training_images: int,
    bytes_per_image: float,
    **changes: Any,
) -> Cost:
    """The cost of a network's training by a recipe on a machine.

    `training_images` are those of the data set, `bytes_per_image` the mean size of a file.
    `changes` are `input_shape`, `num_classes` and so on, as in `networks.build`.

    Raises ValueError if the devices do not divide the batch, for numbers that are not
    positive, and as `specs.resolve` does.

    Book: chapter 7.
    """
    expect.number("training_images", training_images, above=0)
    expect.number("bytes_per_image", bytes_per_image, above=0)
    if recipe.batch_size % machine.devices:
        raise ValueError(
            f"The batch of {recipe.batch_size} images is divided among the devices: their number "
            f"must divide it. Received: devices={machine.devices}"
        )
    spec = specs.resolve(network, **changes)
    images = recipe.steps * recipe.batch_size
    work = PASSES * counting.multiply_adds(spec) * images
    speed = machine.multiply_adds_per_second * machine.share_of_peak
    device_hours = work / speed / _HOUR
    hours = device_hours / machine.devices
    bytes_read = images * bytes_per_image
    each = recipe.batch_size // machine.devices
    return Cost(
        images=images,
        epochs=images / training_images,
        multiply_adds=work,
        bytes_read=bytes_read,
        bytes_per_second=bytes_read / (hours * _HOUR),
        activation_bytes=each * counting.activations(spec) * _BYTES[recipe.precision],
        state_bytes=counting.parameters(spec) * _COPIES * 4,
        hours=hours,
        device_hours=device_hours,
        money=device_hours * machine.price,
    )


def table(cost: Cost) -> str:
    """A line per quantity, in units that are easy to say."""
    digits, exponent = f"{cost.multiply_adds:.2e}".split("e")
    rows = (
        ("images seen", f"{cost.images:,}, {cost.epochs:.1f} epochs"),
        ("multiply-adds", f"{digits} x 10^{int(exponent)}, forwards and backwards"),
        ("read", f"{cost.bytes_read / 1e12:,.3g} TB, {cost.bytes_per_second / 1e6:,.0f} MB/s"),
        ("activations", f"{cost.activation_bytes / 2**30:,.2f} GiB per device"),
        ("weights, gradients, momentum", f"{cost.state_bytes / 2**30:,.2f} GiB per device"),
        ("time", f"{cost.hours:,.1f} h, {cost.device_hours:,.1f} device hours"),
        ("money", f"{cost.money:,.2f}"),
    )
    return "\n".join(f"{name:<29} {value}" for name, value in rows)
