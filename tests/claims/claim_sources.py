"""What the expressions in `claims/` can use: counts, records, stored outputs, other claims.

An expression sees the functions below and those of `claim_counts`, `claim_errors` and
`claim_files`, the library's modules, `math`, `np`, and `paper`, the numbers that the tests already
hold. Nothing is trained, and little built.
"""

import functools
import inspect
import json
import math
import re

import numpy as np

import claim_counts
import claim_errors
import claim_files
import claim_look
import claims
import he2015
import prose
from helpers import counting, inspection, recipes, runs, specs, studies, weights
from helpers.counting import propagation
from helpers.datasets import drawings, shapes
from helpers.datasets.photos import imitation, views
from helpers.datasets.photos.catalogue import IMAGENET, PETS
from helpers.inspection import time_and_memory
from helpers.recipes import costs
from helpers.studies import causes, inside, repair, transfer
from helpers.studies import published as in_full
from helpers.training import rendezvous

RECIPE = recipes.HE2015_IMAGENET
NUMBER = r"(-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?)"


@functools.cache
def _all():
    return {claim.id: claim for claim in claims.load()}


def recompute(claim):
    """What the claim's source yields: a number or a list; None where nothing recomputes it."""
    return eval(claim.expression, dict(NAMES)) if claim.expression else None


def claim(name):
    """The number of another claim, for what is derived from it; a list if it has several."""
    numbers = [prose.amount(text) for text in _all()[name].printed()]
    return numbers[0] if len(numbers) == 1 else numbers


@functools.cache
def gradients(initializer):
    """Chapter 1's gradient norms in the untrained plain-56 without normalisation: seconds."""
    import keras

    from helpers import datasets, inspection, networks

    data = datasets.load("shapes")
    x, y = data.train.images[:128] - data.mean, data.train.labels[:128]
    keras.utils.set_random_seed(0)
    bare = claim_counts.spec("plain56", batch_norm=False)
    model = networks.build(bare, initializer=initializer)
    return list(inspection.gradient_norms(model, x, y).values())


def table_6(net):
    """The paper's test error on CIFAR-10, in per cent, as the library has it."""
    from helpers import paper as reported

    return reported.TABLE_6[net].error


# --- recorded ---------------------------------------------------------------------


def _name(**fields):
    """The name of the one record of the study `shapes` with these fields."""
    (run,) = studies.recorded(studies.load("shapes"), seed=0, **fields)
    return run.name


SHAPES_RUN = _name(network="resnet20", filters=None)
SLOW_RUN = _name(network="plain56", learning_rate=0.01)


def error(record, split="train"):
    """The final error of a recorded run in per cent; of CIFAR-10's ten epochs by the net's name."""
    run = claim_errors.run_of(record) if record in specs.names() else runs.load(record)
    return 100 * run.final[split]["error"]


def logged(net):
    """The training error over the tenth epoch, as logged."""
    return 100 * claim_errors.run_of(net).history["error"][-1]


def rate(record):
    """The learning rate of a recorded run."""
    return runs.load(record).recipe["learning_rate"]


def cifar_images(split):
    """How many images of a split the recorded runs on CIFAR-10 had."""
    return claim_errors.run_of("plain20").data["images"][split]


@functools.cache
def _study(name):
    return studies.load(name)


def _small(net, shortcut=None, learning_rate=None, **fields):
    """The recorded runs of a net with 8 filters on shapes, in the order of their seeds."""
    fields |= {"network": net, "filters": 8, "shortcut": shortcut, "learning_rate": learning_rate}
    return studies.recorded(_study("shapes"), **fields)


def seeds(net, **fields):
    """The final training errors in per cent of a net with 8 filters on shapes, for each seed.

    As the study `shapes` has it: with another `shortcut` or `learning_rate`, if one is given.
    """
    return np.array([100 * run.final["train"]["error"] for run in _small(net, **fields)])


def small(net, seed=0):
    """The recorded quick run of a net with 8 filters on shapes."""
    (run,) = _small(net, seed=seed)
    return run


def small_seeds(net):
    """The test errors of three seeds of it in per cent, and their standard deviation."""
    errors = [100 * small(net, seed).final["test"]["error"] for seed in range(3)]
    return [*errors, np.std(errors, ddof=1)]


def pets(way, split="test"):
    """The final errors of a way of chapter 6 in per cent, one for each seed that is recorded."""
    found = studies.recorded(_study("pets"), partial=True, what=way)
    return np.array([100 * run.final[split]["error"] for run in found])


def pets_images(split):
    """How many photographs of a split the recorded runs of chapter 6 had."""
    (run,) = studies.recorded(_study("pets"), what="finetuned", seed=0)
    return run.data["images"][split]


def published(network, owner="a-martyn"):
    """A net that somebody trained in full and published, as we measured it: errors in per cent.

    `published('plain20').training_loss`; its other fields are those of `published.Measured`.
    """
    return in_full.get(network, owner)


def published_images(which):
    """How many images that was measured on: originals, train (JPEG) or test (JPEG)."""
    return in_full.record()["images"][which]["number"]


# --- stored in notebooks ----------------------------------------------------------


def glued(notebook, key):
    """A value that a notebook has stored for the pages."""
    return claims.stored(notebook)[0][key]


def output(notebook, template):
    """The number that stands for {} in a line that the notebook has printed; a list of several.

    With `checks.shows` the line is printed only if what it says was found to hold.
    """
    return _numbers(claims.stored(notebook)[1], template, f"the outputs of {notebook}")


def code(notebook, template):
    """The number that stands for {} in a notebook's code."""
    text = "\n".join(_cells(notebook))
    return _numbers(text, template, f"the code of {notebook}")


def defaults(function):
    """The values that a function's arguments have by themselves."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters}


def numbered(notebook):
    """How many numbered sections a notebook has."""
    text = "\n".join(_cells(notebook, "markdown"))
    return len(re.findall(r"^## \d+\. ", text, re.MULTILINE))


def lines_of(notebook, first, last):
    """How many lines of a notebook's code stand from one that begins so to one that begins so."""
    lines = [line for cell in _cells(notebook) for line in cell.split("\n") if line.strip()]
    starts = [i for i, line in enumerate(lines) if line.startswith(first)]
    ends = [i for i, line in enumerate(lines) if line.strip().startswith(last)]
    if not starts or max(ends, default=-1) < starts[0]:
        raise ValueError(f"No code of {notebook} goes from {first!r} to {last!r}")
    return min(end for end in ends if end >= starts[0]) - starts[0] + 1


def code_count(notebook, what, start, end):
    """How often something stands in a notebook's code between two places."""
    text = "\n".join(_cells(notebook))
    return text[text.index(start) : text.index(end)].count(what)


def bill(net="resnet50"):
    """Chapter 7's bill, for the machine that its notebook makes up."""
    keys = ("DEVICES", "PEAK", "SHARE", "PRICE")
    devices, *others = (code("07-imagenet", f"{key} = {{}}") for key in keys)
    return costs.training(
        net,
        recipes.HE2015_IMAGENET,
        costs.Machine(int(devices), *others),
        training_images=IMAGENET.training_images,
        bytes_per_image=IMAGENET.bytes_per_image,
    )


def imagenet_batch(batch_size):
    """The paper's recipe for ImageNet at another batch size, by the linear scaling rule."""
    return recipes.HE2015_IMAGENET.for_batch(batch_size, images=IMAGENET.training_images)


def _cells(notebook, kind="code"):
    path = claims.ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def _numbers(text, template, where):
    pattern = re.escape(template).replace(r"\{\}", NUMBER)
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"Expected {template!r} in {where}, with a number for each {{}}.")
    found = [float(number.replace(",", "")) for number in match.groups()]
    return found[0] if len(found) == 1 else found


NAMES = {
    **{
        name: value
        for module in (claim_counts, claim_errors, claim_files, claim_look)
        for name, value in vars(module).items()
        if not name.startswith("_")
    },
    **{name: value for name, value in globals().items() if not name.startswith("_")},
    **{"counting": counting, "time_and_memory": time_and_memory, "recipes": recipes},
    **{"propagation": propagation, "drawings": drawings, "shapes": shapes},
    **{"specs": specs, "studies": studies, "paper": he2015, "math": math},
    **{"rendezvous": rendezvous, "costs": costs, "imitation": imitation, "views": views},
    **{"inside": inside, "inspection": inspection},
    **{"causes": causes, "transfer": transfer, "repair": repair, "weights": weights, "PETS": PETS},
}
