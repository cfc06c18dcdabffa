"""The options of the command line, `python -m helpers`; `__main__` runs the commands."""

from __future__ import annotations

import argparse


def parser(description: str) -> argparse.ArgumentParser:
    """What `python -m helpers` understands; `command` is the word that was chosen."""
    top = argparse.ArgumentParser(
        prog="python -m helpers",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True, dest="command", metavar="COMMAND")

    def command(name, text):
        return commands.add_parser(name, help=text, description=text)

    command("list", "networks, recipes, data sets and records")

    count = command("count", "a network's layers, counted without building it")
    count.add_argument("network", help="a name from `list`")
    count.add_argument("--input-size", type=int, help="height and width in pixels")
    count.add_argument("--classes", type=int, help="number of classes")
    count.add_argument("--shortcut", help="option A, B or C")
    count.add_argument("--bottleneck-stride", help="1x1 (the paper's) or 3x3 (v1.5)")

    train = command("train", "train a network and record the run; goes on if interrupted")
    cost = command("cost", "what a training costs on a machine, worked out and not run")
    for sub in (train, cost):
        sub.add_argument("network", help="a name from `list`, a network or a training")
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
    train.add_argument("--schedule", help="steps or cosine, which has no boundaries")
    train.add_argument("--label-smoothing", type=float, help="share of a label for all classes")
    train.add_argument("--mixup", type=float, help="alpha; images are mixed in pairs")
    train.add_argument("--keep-weights", action="store_true", help="beside the record, float16")
    train.add_argument("--on-device", action="store_true", help="whole epochs on the GPU; JAX")
    train.add_argument("--learning-rate", type=float, help="in place of the recipe's")
    train.add_argument("--warmup", type=int, help="steps in which the rate rises, from a hundredth")
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

    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--tensorboard", help="folder for TensorBoard's logs")
    train.add_argument("--quiet", action="store_true", help="a line per epoch, no bar")

    evaluate = command("evaluate", "error and loss of a saved model")
    evaluate.add_argument("model", help="a .keras file")
    evaluate.add_argument("--split", default="test", help="train, validation or test")
    study = command("study", "train a list of networks; goes on where it stopped")
    study.add_argument("study", help="a name from `list`, or a .toml file of your own")
    study.add_argument("--status", action="store_true", help="say how far it is, and end")
    text = "so many trainings at once, with --minutes (4)"
    study.add_argument("--together", type=int, default=4, metavar="N", help=text)
    for sub in (train, study):
        text = "of a training on the device: end in time; states and records lie in --checkpoints"
        sub.add_argument("--minutes", type=float, help=text)
    study.add_argument("--weights", help="folder for the trained weights, NAME.safetensors")
    for sub in (train, study):
        sub.add_argument("--checkpoints", default="checkpoints", help="folder of unfinished runs")

    measured = command("published", "measure nets that others trained and published")
    text = ".npz file of the first 4,000 training images without JPEG: images, labels"
    measured.add_argument("--originals", required=True, help=text)

    inside = command("inside", "look into nets: what chapters 8 and 9 measure")
    inside.add_argument(
        "what", help="responses, lesions, board, paths, slices, refinement or growth"
    )
    inside.add_argument("nets", nargs="*", metavar="NET", help="plain56, a-martyn/resnet56, ...")

    export = command("export", "write a data set to one file that needs no TensorFlow")
    export.add_argument("name", help="cifar10")
    export.add_argument("file", help="a new .npz file")
    export.add_argument("--jpeg", action="store_true", help="keep JPEG as it is: a smaller file")

    bench = command("bench-input", "how fast photographs are decoded and cut")
    bench.add_argument("name", help="oxford_iiit_pet or imagenet2012")
    bench.add_argument("--seconds", type=float, default=2, help="of each of five turns (2)")
    bench.add_argument("--batch", type=int, default=64, help="images per batch (64)")
    bench.add_argument("--manual-dir", help="folder of ImageNet's archives")

    for sub in (train, cost, evaluate):
        sub.add_argument("--data", help="a name from `list` (default: RESNET_BOOK_DATA, or shapes)")
    for sub in (train, evaluate, study, measured, inside):
        sub.add_argument("--npz", help="a file made by `export`, in place of the data set's own")
    for sub in (train, evaluate, study, measured, inside, export, bench):
        sub.add_argument("--data-dir", help="where TensorFlow Datasets looks")
    return top
