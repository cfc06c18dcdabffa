"""The command line: `python -m helpers`.

list                       networks, recipes, data sets and records
count resnet34             shapes, parameters, multiply-adds, layer by layer
train resnet20 --data cifar10 --recipe he2015-cifar10 --seed 0
evaluate resnet20.keras --data cifar10 --split test
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status. A mistake is one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError, RuntimeError, OSError, ImportError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = ": the same command goes on from the last epoch" * (options.run is _train)
        print(f"Interrupted{again}.", file=sys.stderr)
        return 130
    return 0


def _list(_):
    from helpers import datasets, recipes, runs, specs

    print("networks: ", ", ".join(specs.names()))
    print("recipes:  ", ", ".join(recipes.names()))
    print("data sets:", ", ".join(datasets.names()))
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


def _train(options):
    from helpers import datasets, recipes, runs, specs, training

    if options.model:
        model = Path(options.model)
        if model.suffix != ".keras" or not model.parent.is_dir():
            raise ValueError(
                "--model must be a file NAME.keras in a folder that exists. "
                f"Received: {options.model}"
            )
        if model.exists():
            raise FileExistsError(f"{model} is there already and would be overwritten.")
    recipe = recipes.get(options.recipe)
    spec = specs.resolve(options.network, shortcut=options.shortcut)
    if options.filters is not None:
        spec = specs.narrowed(spec, options.filters)
    data = datasets.load(options.data, data_dir=options.data_dir)
    if options.size is not None:
        data = datasets.reduce(data, size=options.size)
    if options.epochs is not None and options.epochs < 1:
        raise ValueError(f"--epochs must be at least 1. Received: {options.epochs}")
    if options.epochs is not None:
        steps = options.epochs * datasets.steps_per_epoch(data, recipe.batch_size)
        recipe = recipe.scaled(steps)
    if options.learning_rate is not None:
        recipe = recipe.at_learning_rate(options.learning_rate)
    if options.precision:
        recipe = recipe.in_precision(options.precision)
    run = training.train(
        spec,
        data,
        recipe,
        seed=options.seed,
        checkpoints=options.checkpoints,
        tensorboard=options.tensorboard,
        follow_test=options.follow_test,
        save=True,
        verbose=2 if options.quiet else 1,
        name=options.name,
        command=_command(options, data),
    )
    if options.model:
        run.model.save(options.model)
    print(runs.table(runs.compare([run])))
    print(f"recorded as {runs.directory() / run.name}.json")


def _command(options, data):
    """The command that repeats a run, whatever variables and defaults it was given."""
    given = {
        "--data": data.name,
        "--recipe": options.recipe,
        "--shortcut": options.shortcut,
        "--filters": options.filters,
        "--size": options.size,
        "--epochs": options.epochs,
        "--learning-rate": options.learning_rate,
        "--precision": options.precision,
        "--seed": options.seed,
        "--name": options.name,
    }
    words = [w for key, value in given.items() if value is not None for w in (key, str(value))]
    words += ["--follow-test"] * options.follow_test
    return shlex.join(["python", "-m", "helpers", "train", options.network, *words])


def _evaluate(options):
    import keras

    from helpers import datasets, training

    model = keras.models.load_model(options.model)
    data = datasets.load(options.data, data_dir=options.data_dir)
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
    train.add_argument("network", help="a name from `list`")
    train.add_argument("--recipe", default="he2015-cifar10", help="a name from `list`")
    train.add_argument("--shortcut", help="option A, B or C, in place of the network's own")
    train.add_argument("--filters", type=int, help="narrow the first stage to so many filters")
    train.add_argument("--size", type=int, help="8,000 training images, reduced to this side")
    train.add_argument("--epochs", type=int, help="scale the recipe to so many epochs")
    train.add_argument("--learning-rate", type=float, help="in place of the recipe's")
    train.add_argument("--precision", help="float32 or mixed_bfloat16")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--name", help="of the record, where the usual one is taken")
    train.add_argument("--checkpoints", default="checkpoints", help="folder of unfinished runs")
    train.add_argument("--tensorboard", help="folder for TensorBoard's logs")
    train.add_argument("--follow-test", action="store_true", help="test error by epoch, too")
    train.add_argument("--model", help="also save the trained model to this .keras file")
    train.add_argument("--quiet", action="store_true", help="a line per epoch, no bar")

    evaluate = command("evaluate", _evaluate, "error and loss of a saved model")
    evaluate.add_argument("model", help="a .keras file")
    evaluate.add_argument("--split", default="test", help="train, validation or test")
    for sub in (train, evaluate):
        sub.add_argument("--data", help="shapes or cifar10 (default: RESNET_BOOK_DATA, or shapes)")
        sub.add_argument("--data-dir", help="where TensorFlow Datasets looks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
