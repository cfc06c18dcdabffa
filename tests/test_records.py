"""The runs that the book keeps under results/ are whole and say how to repeat them."""

import argparse
import math
import shlex
import subprocess
from pathlib import Path

import pytest

from helpers import counting, recipes, runs, specs
from helpers.__main__ import _parser
from helpers.recipes import Recipe
from helpers.specs import Network, Stage, Stem

RESULTS = Path(__file__).resolve().parents[1] / "results"
# A reader's own runs may lie there too; these are the book's.
KEPT = subprocess.run(["git", "ls-files", "."], cwd=RESULTS, capture_output=True, text=True)
RECORDS = sorted(Path(name).stem for name in KEPT.stdout.split() if name.endswith(".json"))
ON_CIFAR10 = [
    f"cifar10-{net}-he2015-cifar10-3510steps-mixed_bfloat16-seed0"
    for net in ("plain20", "plain56", "resnet20", "resnet56")
]


def rebuilt(spec: dict) -> Network:
    """The spec of a record as the dataclass that it was.

    A record is not rewritten when specs get a new field. It lacks the field then, and
    means its default: what every network was before there was a choice.
    """
    return Network(
        **{
            **spec,
            "input_shape": tuple(spec["input_shape"]),
            "stem": Stem(**spec["stem"]),
            "stages": tuple(Stage(**stage) for stage in spec["stages"]),
            "hidden": tuple(spec.get("hidden", ())),
        }
    )


def asked_for(command: str) -> tuple[argparse.Namespace, Network]:
    """What a record's command says, parsed as the command line parses it, and its network."""
    program, words = command.split(" train ")
    assert program == "python -m helpers"
    options = _parser().parse_args(["train", *shlex.split(words)])
    spec = specs.resolve(options.network, shortcut=options.shortcut)
    return options, spec if options.filters is None else specs.narrowed(spec, options.filters)


def test_the_runs_on_cifar10_are_there():
    assert set(ON_CIFAR10) <= set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_whole(name, book_records):
    run = runs.load(name)
    assert run.name == name
    recipe = Recipe(**{**run.recipe, "boundaries": tuple(run.recipe["boundaries"])})
    steps_per_epoch = run.data["images"]["train"] // recipe.batch_size
    assert run.epochs == math.ceil(recipe.steps / steps_per_epoch)
    assert run.history["step"][-1] == recipe.steps
    for i, step in enumerate(run.history["step"]):
        assert run.history["learning_rate"][i] == pytest.approx(recipe.learning_rate_at(step - 1))
    assert {len(values) for values in run.history.values()} == {run.epochs}
    assert set(run.final) == {"train", "validation", "test"}
    assert all(0 <= result["error"] <= 1 for result in run.final.values())
    assert {"python", "keras", "tensorflow", "numpy"} <= set(run.versions)
    assert run.hardware["processor"]
    assert run.hardware["cores"] > 0


@pytest.mark.parametrize("name", RECORDS)
def test_the_command_of_a_record_repeats_it(name, book_records):
    """Parsed as the command line parses it, it gives the record's network, recipe and images."""
    run = runs.load(name)
    options, spec = asked_for(run.command)
    assert (options.data, options.seed) == (run.data["name"], run.seed)
    size = options.size or 32
    spec = specs.resolve(spec, input_shape=(size, size, 3), num_classes=10)
    assert (spec, spec.name) == (rebuilt(run.spec), run.network)
    recipe = recipes.get(options.recipe)
    if options.epochs is not None:
        recipe = recipe.scaled(options.epochs * (run.data["images"]["train"] // 128))
    if options.learning_rate is not None:
        recipe = recipe.at_learning_rate(options.learning_rate)
    if options.precision is not None:
        recipe = recipe.in_precision(options.precision)
    assert runs.as_json(recipe) == run.recipe


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_counts_the_parameters_of_its_network(name, book_records):
    run = runs.load(name)
    assert counting.parameters(rebuilt(run.spec)) == run.parameters
    assert run.name == f"{run.data['name']}-{run.network}-{run.recipe['name']}-seed{run.seed}"


@pytest.mark.parametrize("name", ON_CIFAR10)
def test_the_runs_on_cifar10_say_that_their_images_are_jpeg(name, book_records):
    run = runs.load(name)
    assert run.images == "CIFAR-10 (JPEG)"
    assert run.data["images"] == {"train": 45_000, "validation": 5_000, "test": 10_000}
