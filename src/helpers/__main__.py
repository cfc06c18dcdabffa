"""The command line: `python -m helpers`.

list                       networks, recipes, data sets and records
count resnet34             shapes, parameters, multiply-adds, layer by layer
cost resnet50 ...          what a training will cost, before it runs (cost --help)
train resnet20 --data cifar10 --recipe he2015-cifar10 --seed 0
repair published           train a step of the chapter "Repairing a notebook"
transfer finetuned         train a network for pets, one of the ways of chapter 6
cause leaky0.5             train a net with one cause of its failure taken away
study cifar10              train a list of networks; goes on where it stopped
study cifar10-paper --npz cifar10.npz --minutes 8      so, on a GPU lent for minutes
published                  measure nets that others trained in full and published
evaluate resnet20.keras --data cifar10 --split test
export cifar10 cifar10.npz the images in one file, for a machine without TensorFlow
bench-input imagenet2012   training images per second that are read, decoded and cut
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status. A mistake is one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    options.began = time.monotonic()
    try:
        options.run(options)
    except (ValueError, TypeError, RuntimeError, OSError, ImportError) as error:
        _tell_the_others(error)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        _tell_the_others(error)
        again = ": the same command goes on from the last epoch" * (
            options.run in (_train, _study, _repair, _transfer, _cause)
        )
        print(f"Interrupted{again}.", file=sys.stderr)
        return 130
    return 0


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

    plan = _plan(options)
    machine = costs.Machine(options.devices, options.peak, options.share, options.price)
    print(plan.record(), costs.table(plan.cost(machine, options.bytes_per_image)), sep="\n")


def _train(options):
    from helpers.training import processes

    plan = _plan(options)
    team = processes.Team()
    if not plan.on_device or options.coordinator:  # which refuses several
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
        with processes.alone():
            run.model.save(options.model)


def _planned(plan, options):
    """Trains what is planned, records it, and prints the result."""
    from helpers import datasets, runs
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
    return run


def _repair(options):
    from helpers import datasets
    from helpers.studies import RepairPlan

    data = datasets.chosen_name(options.data)
    precision = options.precision or "float32"
    _planned(RepairPlan(options.step, data, options.seed, precision), options)


def _transfer(options):
    from helpers.studies import TransferPlan

    _planned(TransferPlan(options.way, options.seed), options)


def _cause(options):
    from helpers.studies import CausePlan, causes

    plan = CausePlan(options.intervention, options.seed, options.steps)
    run = _planned(plan, options)
    print(f"the gradient in x grew {causes.growth(run):,.3g} times before training")


def _plan(options):
    """What the options of `train` ask for."""
    from helpers import datasets
    from helpers.studies import Plan

    fields = [f.name for f in dataclasses.fields(Plan)]
    given = {name: getattr(options, name) for name in fields if hasattr(options, name)}
    given["data"] = datasets.chosen_name(options.data)
    if given.get("xla") is not None:
        given["xla"] = options.xla == "yes"
    return Plan(**given)


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


def _export(options):
    from helpers import datasets

    path = datasets.export(options.name, options.file, data_dir=options.data_dir, jpeg=options.jpeg)
    print(f"{datasets.load(options.name, npz=path)}\nwritten to {path}")


def _bench_input(options):
    from helpers import datasets
    from helpers.datasets.photos import speed

    data = datasets.load(options.name, data_dir=options.data_dir, manual_dir=options.manual_dir)
    if not isinstance(data, datasets.Photos):
        raise ValueError(
            "Expected photographs on disk, oxford_iiit_pet or imagenet2012: nothing is decoded "
            f"of images in memory. Received: {options.name}"
        )
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


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m helpers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    command("list", _list, "networks, recipes, data sets and records")

    count = command("count", _count, "a network's layers, counted without building it")
    count.add_argument("network", help="a name from `list`")
    count.add_argument("--input-size", type=int, help="height and width in pixels")
    count.add_argument("--classes", type=int, help="number of classes")
    count.add_argument("--shortcut", help="option A, B or C")
    count.add_argument("--bottleneck-stride", help="1x1 (the paper's) or 3x3 (v1.5)")

    train = command("train", _train, "train a network and record the run; goes on if interrupted")
    cost = command("cost", _cost, "what a training costs on a machine, worked out and not run")
    for sub in (train, cost):
        sub.add_argument("network", help="a name from `list`")
        sub.add_argument("--recipe", default="he2015-cifar10", help="a name from `list`")
        sub.add_argument("--shortcut", help="option A, B or C, in place of the network's own")
        sub.add_argument("--images", type=int, help="so many training images: a part of a data set")
        sub.add_argument("--batch", type=int, help="another batch size, the rate scaled along")
        sub.add_argument("--epochs", type=int, help="scale the recipe to so many epochs")
        sub.add_argument("--steps", type=int, help="scale the recipe to so many steps")
        sub.add_argument("--precision", help="float32 or mixed_bfloat16")
    for option, text in (
        ("--devices", "that train together"),
        ("--peak", "multiply-adds a second of one device: half of the operations makers print"),
        ("--share", "of the peak that a training reaches, above 0 and at most 1"),
        ("--price", "of a device for an hour, in any currency"),
        ("--bytes-per-image", "mean size of a file"),
    ):
        kind = int if option == "--devices" else float
        cost.add_argument(option, type=kind, required=True, help=text)
    train.add_argument("--filters", type=int, help="narrow the first stage to so many filters")
    train.add_argument("--size", type=int, help="images reduced to this side: the first 8,000")
    train.add_argument("--padding", type=int, help="of the random crops, in pixels")
    train.add_argument("--keep-weights", action="store_true", help="beside the record, float16")
    train.add_argument("--on-device", action="store_true", help="whole epochs on the GPU; JAX")
    train.add_argument("--learning-rate", type=float, help="in place of the recipe's")
    train.add_argument("--xla", choices=("yes", "no"), help="in place of what Keras chooses")
    train.add_argument("--name", help="of the record, where the usual one is taken")
    train.add_argument("--follow-test", action="store_true", help="test error by epoch, too")
    text = "On JAX (KERAS_BACKEND=jax) all devices of a machine train together. Several machines "
    text += "run this command with the same options, each as another --process."
    several = train.add_argument_group("several processes", text)
    several.add_argument("--coordinator", metavar="HOST:PORT", help="where process 0 listens")
    several.add_argument("--processes", type=int, help="how many there are")
    several.add_argument("--process", type=int, help="which this is, from 0")
    train.add_argument("--model", help="also save the trained model to this .keras file")

    repair = command("repair", _repair, 'a step of "Repairing a notebook", trained and recorded')
    repair.add_argument("step", help="published, or the name of a repair")
    transfer = command("transfer", _transfer, "a way of chapter 6, trained on pets and recorded")
    transfer.add_argument("way", help="finetuned, scratch and the like: transfer.WAYS")
    cause = command("cause", _cause, "a net with one thing changed, trained and recorded")
    cause.add_argument("intervention", help="plain56, leaky0.5 and the like: causes.INTERVENTIONS")
    cause.add_argument("--steps", type=int, help="another length than that of the book's runs")
    for sub in (transfer, cause):
        sub.set_defaults(npz=None)
    repair.add_argument("--precision", help="float32 or mixed_bfloat16")
    for sub in (train, repair, transfer, cause):
        sub.add_argument("--seed", type=int, default=0)
        sub.add_argument("--tensorboard", help="folder for TensorBoard's logs")
        sub.add_argument("--quiet", action="store_true", help="a line per epoch, no bar")

    evaluate = command("evaluate", _evaluate, "error and loss of a saved model")
    evaluate.add_argument("model", help="a .keras file")
    evaluate.add_argument("--split", default="test", help="train, validation or test")
    study = command("study", _study, "train a list of networks; goes on where it stopped")
    study.add_argument("study", help="a name from `list`, or a .toml file of your own")
    study.add_argument("--status", action="store_true", help="say how far it is, and end")
    text = "so many trainings at once, with --minutes (4)"
    study.add_argument("--together", type=int, default=4, metavar="N", help=text)
    for sub in (train, study):
        text = "of a training on the device: end in time; states and records lie in --checkpoints"
        sub.add_argument("--minutes", type=float, help=text)
    study.add_argument("--weights", help="folder for the trained weights, NAME.safetensors")
    for sub in (train, repair, transfer, cause, study):
        sub.add_argument("--checkpoints", default="checkpoints", help="folder of unfinished runs")

    measured = command("published", _published, "measure nets that others trained and published")
    text = ".npz file of the first 4,000 training images without JPEG: images, labels"
    measured.add_argument("--originals", required=True, help=text)

    export = command("export", _export, "write a data set to one file that needs no TensorFlow")
    export.add_argument("name", help="cifar10")
    export.add_argument("file", help="a new .npz file")
    export.add_argument("--jpeg", action="store_true", help="keep JPEG as it is: a smaller file")

    bench = command("bench-input", _bench_input, "how fast photographs are decoded and cut")
    bench.add_argument("name", help="oxford_iiit_pet or imagenet2012")
    bench.add_argument("--seconds", type=float, default=2, help="of each of five turns (2)")
    bench.add_argument("--batch", type=int, default=64, help="images per batch (64)")
    bench.add_argument("--manual-dir", help="folder of ImageNet's archives")

    for sub in (train, cost, repair, evaluate):
        sub.add_argument("--data", help="a name from `list` (default: RESNET_BOOK_DATA, or shapes)")
    for sub in (train, repair, evaluate, study, measured):
        sub.add_argument("--npz", help="a file made by `export`, in place of the data set's own")
    for sub in (train, repair, transfer, cause, evaluate, study, measured, export, bench):
        sub.add_argument("--data-dir", help="where TensorFlow Datasets looks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
