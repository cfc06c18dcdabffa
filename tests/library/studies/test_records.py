"""The runs that the book keeps under results/ are whole and say how to repeat them."""

import dataclasses
import math
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from helpers import counting, runs, specs, studies
from helpers.__main__ import _plan
from helpers.recipes import Recipe
from helpers.specs import Network
from helpers.studies import (
    CausePlan,
    NamedPlan,
    Plan,
    RepairPlan,
    TransferPlan,
    causes,
    repair,
    transfer,
)
from helpers.support.options import parser

RESULTS = Path(__file__).resolve().parents[3] / "results"
# A reader's own runs may lie there too; these are the book's.
KEPT = subprocess.run(["git", "ls-files", "."], cwd=RESULTS, capture_output=True, text=True)
# In other folders are weights, and what others trained and we measured: test_published.py.
RECORD = re.compile(r"(?:controls/)?[^/]+\.json")  # a control: one of them, trained once more
RECORDS = sorted(name[:-5] for name in KEPT.stdout.split() if RECORD.fullmatch(name))
ON_CIFAR10 = [plan.record() for plan in studies.load("cifar10").plans]


def recipe_of(run: runs.Run) -> Recipe:
    """The recipe of a record. A field that it lacks means its default."""
    return Recipe.from_record(run.recipe)


def plan_of(run: runs.Run) -> Plan | NamedPlan:
    """What a record's command asks for, parsed as the command line parses it."""
    words = shlex.split(run.command)
    assert words[:3] == ["python", "-m", "helpers"]
    return _plan(parser("").parse_args(words[3:]))


def test_the_runs_on_cifar10_are_there():
    assert set(ON_CIFAR10) <= set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_whole(name, book_records):
    run = runs.load(name)
    assert run.name == name.removeprefix("controls/")
    recipe = recipe_of(run)
    images = run.data["images"]["train"]
    steps_per_epoch = recipe.steps_per_epoch or images // recipe.batch_size
    assert run.epochs == math.ceil(recipe.steps / steps_per_epoch)
    assert run.history["step"][-1] == recipe.steps
    for i, step in enumerate(run.history["step"]):
        assert run.history["learning_rate"][i] == pytest.approx(recipe.learning_rate_at(step - 1))
    assert {len(values) for values in run.history.values()} == {run.epochs}
    assert set(run.final) == {"train", "validation", "test"}
    assert all(0 <= result["error"] <= 1 for result in run.final.values())
    assert {"python", "keras", run.versions["backend"], "numpy"} <= set(run.versions)
    assert run.hardware["processor"]
    assert run.hardware["cores"] > 0


@pytest.mark.parametrize("name", RECORDS)
def test_the_command_of_a_record_repeats_it(name, book_records):
    """Parsed as the command line parses it, it gives the record's network, recipe and images."""
    run = runs.load(name)
    plan = plan_of(run)
    assert (plan.data, plan.seed, plan.record()) == (run.data["name"], run.seed, run.name)
    if isinstance(plan, RepairPlan):
        recipe = repair.recipe(repair.DESIGNS[plan.what])
        assert recipe_of(run) == recipe.in_precision(plan.precision)
        return
    if isinstance(plan, CausePlan):
        what = causes.get(plan.what)
        assert run.extra["intervention"] == runs.as_json(what)
        warmup = causes.WARMUP if plan.warmup is None else plan.warmup
        assert recipe_of(run) == causes.recipe(what, warmup=warmup)
        return
    if isinstance(plan, TransferPlan):
        assert (Network.from_record(run.spec), recipe_of(run)) == (
            plan.spec(),
            transfer.METHODS[plan.what].recipe,
        )
        return
    size = plan.size or 32
    spec = specs.resolve(plan.spec(), input_shape=(size, size, 3), num_classes=10)
    assert (spec, spec.name) == (Network.from_record(run.spec), run.network)
    assert recipe_of(run) == plan.recipe_for(run.data["images"]["train"])


def test_every_record_is_of_a_study(book_records):
    """One command makes each of them again; none is left over from an older text."""
    listed = {p.record(): p for study in studies.names() for p in studies.load(study).plans}
    for run in map(runs.load, RECORDS):
        plan, name = plan_of(run), run.name
        assert name in listed, name
        if isinstance(plan, Plan):  # a study in pieces trains on the device, whatever its file says
            plan = dataclasses.replace(plan, on_device=listed[name].on_device)
        assert plan == listed[name]


def parameters_of_a_cause(plan: CausePlan) -> int:
    """Those of the book's net, without batch normalization where there is none, and what is added:
    two factors a filter of each convolution in a block, or a number a block."""
    what, spec = causes.get(plan.what), plan.spec()
    blocks, added = [(stage.filters, stage.repeats) for stage in spec.stages], 0
    if what.dirac == "scaled":
        added = sum(2 * 2 * filters * repeats for filters, repeats in blocks)
    if what.skip_init:
        spec = dataclasses.replace(spec, batch_norm=False)
        added = sum(repeats for _, repeats in blocks)
    return counting.parameters(spec) + added


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_counts_the_parameters_of_its_network(name, book_records):
    run, frozen = runs.load(name), 0
    plan = plan_of(run)
    if isinstance(plan, RepairPlan):
        model = repair.build(repair.DESIGNS[plan.what])
        trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        assert (trained, run.network) == (run.parameters, model.name)
        return
    if isinstance(plan, CausePlan):
        assert run.parameters == parameters_of_a_cause(plan)
        return
    spec = Network.from_record(run.spec)
    method = transfer.METHODS.get(run.recipe["name"])
    if method is not None and method.frozen == "bn":
        frozen = counting.moving_statistics(spec)  # as many gammas and betas
    assert counting.parameters(spec) - frozen == run.parameters
    if getattr(plan, "name", None) is None:  # a name of its own says what it is for
        data = run.data["name"]
        if isinstance(plan, Plan) and plan.images:  # all images, at another size than they have
            data += "-{}x{}".format(*run.spec["input_shape"])
        assert run.name == f"{data}-{run.network}-{run.recipe['name']}-seed{run.seed}"


@pytest.mark.parametrize("name", [name for name in RECORDS if "-causes-" in name])
def test_a_record_of_a_cause_has_its_measurements(name, book_records):
    run = runs.load(name)
    before, spec = run.extra["before"], plan_of(run).spec()
    convolutions, blocks = spec.depth - 1, sum(stage.repeats for stage in spec.stages)
    assert {key: len(values) for key, values in before.items()} == {
        "activation_gradients": 1 + blocks,
        "activation_sizes": 1 + blocks,
        "kernel_gradients": convolutions,
    }
    assert causes.growth(run) > 0
    assert 0 <= run.extra["after"]["train"]["error"] <= 1


@pytest.mark.parametrize("name", ON_CIFAR10)
def test_the_runs_on_cifar10_say_that_their_images_are_jpeg(name, book_records):
    run = runs.load(name)
    assert run.images == "CIFAR-10 (JPEG)"
    assert run.data["images"] == {"train": 45_000, "validation": 5_000, "test": 10_000}


def test_no_two_records_are_one_training_on_two_backends(book_records):
    """The page on backends compares no speeds for this reason, and says who used a GPU."""
    backends, on_a_gpu = {}, set()
    for run in map(runs.load, RECORDS):
        training = (run.network, run.recipe["name"], run.recipe["steps"], run.data["description"])
        backends.setdefault(training, set()).add(run.versions["backend"])
        if run.hardware["accelerators"]:
            on_a_gpu.add(run.versions["backend"])
    assert {len(found) for found in backends.values()} == {1}
    assert on_a_gpu == {"jax"}
