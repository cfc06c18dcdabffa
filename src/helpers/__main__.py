"""The command line: `python -m helpers`.

list                       networks, recipes, data sets and records
count resnet34             shapes, parameters, multiply-adds, layer by layer
cost resnet50 ...          what a training will cost, before it runs (cost --help)
train resnet20 --data cifar10 --recipe he2015-cifar10 --seed 0
train repair/published     a training that a chapter names; `list` has all of them
study cifar10              train a list of networks; goes on where it stopped
study cifar10-paper --npz cifar10.npz --minutes 8      so, on a GPU lent for minutes
published                  measure nets that others trained in full and published
inside lesions             look into trained nets: the measurements of chapter 8
evaluate resnet20.keras --data cifar10 --split test
export cifar10 cifar10.npz the images in one file, for a machine without TensorFlow
bench-input imagenet2012   training images per second that are read, decoded and cut
"""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path

from helpers.support.options import parser

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status. A mistake is one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser(__doc__).parse_args(arguments)
    options.began = time.monotonic()
    try:
        if options.command in ("train", "study", "published", "inside", "evaluate"):
            _start_keras()
        COMMANDS[options.command](options)
    except (ValueError, TypeError, RuntimeError, OSError, ImportError) as error:
        _tell_the_others(error)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        _tell_the_others(error)
        again = ": the same command goes on from the last epoch" * (
            options.command in ("train", "study")
        )
        print(f"Interrupted{again}.", file=sys.stderr)
        return 130
    return 0


def _start_keras():
    """Raises RuntimeError where Keras has no backend, in a sentence: its own words end in a
    module that is missing."""
    try:
        import keras
    except (ImportError, ValueError) as error:
        chosen = os.environ.get("KERAS_BACKEND")
        raise RuntimeError(
            f"Keras could not start ({error}). KERAS_BACKEND, or else ~/.keras/keras.json, must "
            "name a backend that is installed here: tensorflow, jax or torch. "
            f"Received: KERAS_BACKEND={chosen}"
        ) from error
    return keras


def _tell_the_others(error):
    """Where several processes train, all end now."""
    if processes := sys.modules.get("helpers.training.processes"):
        processes.fail(error)


def _list(_):
    from helpers import datasets, recipes, runs, specs, studies

    print("networks: ", ", ".join(specs.names()))
    print("recipes:  ", ", ".join(recipes.names()))
    print("data sets:", ", ".join(datasets.names()))
    print("studies:  ", ", ".join(studies.names()))
    print("trainings:", ", ".join(studies.trainings()))
    try:
        print("records:  ", ", ".join(runs.names()) or "none")
    except FileNotFoundError:
        print("records:   none")


def _count(options):
    from helpers import counting, specs

    side = options.input_size
    spec = specs.resolve(
        options.network,
        input_shape=None if side is None else (side, side, 3),
        num_classes=options.classes,
        shortcut=options.shortcut,
        bottleneck_stride=options.bottleneck_stride,
    )
    row = "{:<16} {:<24} {:<16} {:>12} {:>16}".format
    print(row("layer", "kind", "output", "parameters", "multiply-adds"))
    for layer in counting.layers(spec):
        shape = " x ".join(map(str, layer.output_shape))
        work = f"{layer.multiply_adds:,}"
        print(row(layer.name, layer.kind, shape, f"{layer.parameters:,}", work))
    statistics = counting.moving_statistics(spec)
    print(f"\n{spec.name}: {spec.depth} weighted layers")
    print(f"{counting.parameters(spec):,} trainable parameters, {statistics:,} moving statistics")
    print(f"{counting.multiply_adds(spec):,} multiply-adds")


def _cost(options):
    from helpers.recipes import costs

    if "/" in options.network:
        raise ValueError(f"`cost` is of a network trained by a recipe. Received: {options.network}")
    plan = _plan(options)
    machine = costs.Machine(options.devices, options.peak, options.share, options.price)
    print(plan.record(), costs.table(plan.cost(machine, options.bytes_per_image)), sep="\n")


def _train(options):
    from helpers.studies import NamedPlan
    from helpers.support import whole
    from helpers.training import processes

    plan = _plan(options)
    if isinstance(plan, NamedPlan) and options.coordinator:
        raise ValueError(f"{options.network} trains in one process: leave --coordinator out.")
    team = processes.Team()
    if not getattr(plan, "on_device", False) or options.coordinator:  # which refuses several
        team = processes.start(
            options.coordinator, options.processes, options.process, task=plan.command()
        )
    if options.model:
        model = Path(options.model)
        if model.suffix != ".keras" or not model.parent.is_dir():
            raise ValueError(
                "--model must be a file NAME.keras in a folder that exists. "
                f"Received: {options.model}"
            )
        if model.exists():
            raise FileExistsError(f"{model} is there already and would be overwritten.")
    run = _planned(plan, options)
    if options.model and team.first and run.final:
        with processes.alone(), whole.written(options.model, ending=".keras") as unfinished:
            run.model.save(unfinished)


def _planned(plan, options):
    """Trains what is planned, records it, and prints the result."""
    from helpers import datasets, runs
    from helpers.studies import NamedPlan
    from helpers.training import processes

    on_device, minutes = getattr(plan, "on_device", False), getattr(options, "minutes", None)
    for option, value, fits in (
        ("--minutes", minutes, on_device),
        ("--tensorboard", options.tensorboard, not on_device),
    ):
        if value and not fits:
            raise ValueError(f"{option} goes {'with' * (not on_device) or 'without'} --on-device.")
    data = datasets.load(plan.data, data_dir=options.data_dir, npz=options.npz)
    more = {} if on_device else {"tensorboard": options.tensorboard}
    if minutes:  # they count from the command on, whatever the images took
        more["minutes"] = max(minutes - (time.monotonic() - options.began) / 60, 1e-9)
    run = plan.train(
        data, checkpoints=options.checkpoints, verbose=2 if options.quiet else 1, **more
    )
    if not run.final:
        print(f"{run.name}: time is over; the same command goes on.")
    elif processes.team().first:
        print(runs.table(runs.compare([run])))
        print(f"recorded as {runs.directory() / run.name}.json")
        if isinstance(plan, NamedPlan) and (more := plan.said(run)):
            print(more)
    return run


def _plan(options):
    """What the options of `train` ask for."""
    from helpers import datasets, studies

    fields = {f.name: f.default for f in dataclasses.fields(studies.Plan)}
    given = {name: getattr(options, name) for name in fields if hasattr(options, name)}
    if given.get("xla") is not None:
        given["xla"] = options.xla == "yes"
    if "/" in options.network:
        name = given.pop("network")
        return studies.named(name, **{k: v for k, v in given.items() if v not in (fields[k], None)})
    given["data"] = datasets.chosen_name(options.data)
    return studies.Plan(**given)


def _study(options):
    from helpers import datasets, runs, studies

    study = studies.load(options.study)
    if options.status:
        print(study.title)
        print(runs.table(studies.status(study, options.checkpoints)))
        return
    if options.minutes:
        if options.weights:
            raise ValueError("With --minutes the study's `keep_weights` says whose are kept.")
        more = [("--npz", options.npz), ("--data-dir", options.data_dir)]
        studies.pieces.run(
            study,
            minutes=options.minutes,
            folder=options.checkpoints,
            together=options.together,
            options=[word for option, value in more if value for word in (option, value)],
            say=lambda text: print(text, flush=True),
        )
        return
    studies.run(
        study,
        load=lambda name: datasets.load(name, data_dir=options.data_dir, npz=options.npz),
        checkpoints=options.checkpoints,
        weights_folder=options.weights,
    )


def _published(options):
    from helpers import datasets, runs
    from helpers.studies import published

    data = datasets.load("cifar10", data_dir=options.data_dir, npz=options.npz)
    command = f"python -m helpers published --originals {Path(options.originals).name}"
    path = published.measure(data, options.originals, command=command)
    print(runs.table(published.rows(), digits=4), f"recorded in {path}", sep="\n")


def _inside(options):
    from helpers import datasets
    from helpers.studies import inside

    data = datasets.load("cifar10", data_dir=options.data_dir, npz=options.npz)
    command = " ".join(["python -m helpers inside", options.what, *options.nets])
    path = inside.measure(
        options.what,
        data,
        options.nets or None,
        command=command,
        say=lambda text: print(text, flush=True),
    )
    print(f"recorded in {path}")


def _export(options):
    from helpers import datasets

    path = datasets.export(options.name, options.file, data_dir=options.data_dir, jpeg=options.jpeg)
    print(f"{datasets.load(options.name, npz=path)}\nwritten to {path}")


def _bench_input(options):
    from helpers import datasets
    from helpers.datasets.photos import speed

    if options.name not in datasets.PHOTOGRAPHS:
        raise ValueError(
            "Expected photographs on disk, oxford_iiit_pet or imagenet2012: nothing is decoded "
            f"of images in memory. Received: {options.name}"
        )
    data = datasets.load(options.name, data_dir=options.data_dir, manual_dir=options.manual_dir)
    rates = speed.measure(data, batch_size=options.batch, seconds=options.seconds)
    print(speed.table(data, rates, options.batch))


def _evaluate(options):
    import keras

    from helpers import datasets, training

    model = keras.models.load_model(options.model)
    data = datasets.load(options.data, data_dir=options.data_dir, npz=options.npz)
    result = training.evaluate(model, data, options.split)
    print(
        f"{model.name} on the {len(getattr(data, options.split)):,} {options.split} images of "
        f"{data.description}: error {100 * result['error']:.2f} %, loss {result['loss']:.4f}"
    )


COMMANDS = {
    "list": _list,
    "count": _count,
    "cost": _cost,
    "train": _train,
    "study": _study,
    "published": _published,
    "inside": _inside,
    "evaluate": _evaluate,
    "export": _export,
    "bench-input": _bench_input,
}


if __name__ == "__main__":
    sys.exit(main())
