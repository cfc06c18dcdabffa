"""What is measured, against what, and what is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pairs import Contender

COSTS = ("s", "MB")  # units of which less is better


@dataclass(frozen=True)
class Row:
    """One comparison: the first contender is ours.

    `aims` are of the ratios to the others, by their labels: ours / theirs for speeds, theirs / ours
    for what costs; "" is ours alone, in the row's unit. What has none is shown for itself.
    """

    name: str
    what: str
    contenders: tuple[Contender, ...]
    aims: Mapping[str, float]
    unit: str = "images/s"
    turns: int = 5
    best: float | None = None  # the aim of our fastest setting over the others' fastest

    @property
    def costs(self) -> bool:
        """Whether less is better."""
        return self.unit in COSTS


def _ours(*arguments: str, label: str = "ours", **variables: str) -> Contender:
    return Contender(label, "ours_training", arguments, variables=variables)


def _torch(*arguments: str, label: str = "PyTorch") -> Contender:
    return Contender(label, "torch_training", arguments, "torch")


def _training(net: str, steps: str) -> Row:
    how = net, "32", "128", steps
    return Row(
        f"train-{net}",
        f"training {net.replace('resnet', 'ResNet-')} on images of 32x32, batches of 128, float32",
        (_ours(*how), _torch(*how), Contender("Keras' defaults", "keras_training", how)),
        {"PyTorch": 1.2, "Keras' defaults": 1.5},
    )


def _best(net: str, steps: str) -> Row:
    how, what = (net, "32", "128", steps), f"training {net.replace('resnet', 'ResNet-')}"
    contenders = (
        _ours(*how, label="ours, float32"),
        _ours(*how, "--bfloat16", label="ours, bfloat16"),
        _torch(*how, "--compiled", label="PyTorch compiled, float32"),
        _torch(*how, "--compiled", "--bfloat16", label="PyTorch compiled, bfloat16"),
    )
    return Row(f"best-{net}", f"{what}, each at its fastest setting", contenders, {}, best=1.0)


def _inference(batch: str, times: str) -> Row:
    ours = Contender("ours, folded", "inference", ("folded", batch, times))
    built = Contender("ours, as built", "inference", ("built", batch, times))
    theirs = Contender("keras.applications", "inference", ("applications", batch, times))
    what = f"answers of ResNet-50 at 224x224, batch {batch}"
    return Row(f"answer-{batch}", what, (ours, theirs, built), {"keras.applications": 1.3})


def _tried(name: str, what: str, label: str, *flags: str, **variables: str) -> Row:
    """One setting of ours against the usual one, on ResNet-20."""
    how = "resnet20", "32", "128", "6"
    return Row(name, what, (_ours(*how), _ours(*how, *flags, label=label, **variables)), {})


RESNET50 = ("resnet50", "224", "16", "1")
NARROW = ("resnet56", "16", "128", "20", "--narrow")
ROWS = (
    _training("resnet20", "6"),
    _training("resnet56", "2"),
    _best("resnet20", "6"),
    _best("resnet56", "2"),
    _tried(
        "onednn",
        "ResNet-20 with oneDNN's convolutions, against TensorFlow's own",
        "without oneDNN",
        TF_ENABLE_ONEDNN_OPTS="0",
    ),
    _tried(
        "batch-norm",
        "ResNet-20 with the book's batch normalization, against Keras' own",
        "Keras' own",
        "--keras-norm",
    ),
    _tried(
        "sgd",
        "ResNet-20 with SGD's step as one operation, against Keras' own",
        "Keras' own",
        "--keras-sgd",
    ),
    _tried("xla", "ResNet-20 without XLA, against with it", "with XLA", "--xla"),
    _tried(
        "tuner",
        "ResNet-20, 6 steps a call of `fit`, without `tf.data`'s tuner, against with it",
        "with the tuner",
        "--tuner",
    ),
    Row(
        "short-epochs",
        "training ResNet-20 in epochs of 8 steps, against epochs of 64",
        (
            Contender("8 steps an epoch", "ours_epochs", ("resnet20", "8", "5")),
            Contender("64 steps an epoch", "ours_epochs", ("resnet20", "64", "2")),
        ),
        {"64 steps an epoch": 0.9},
        turns=2,
    ),
    Row(
        "train-resnet50",
        "training ResNet-50 at 224x224, batches of 16",
        (
            _ours(*RESNET50),
            Contender("keras.applications", "keras_training", RESNET50),
            _torch(*RESNET50),
        ),
        {"keras.applications": 2.0, "PyTorch": 1.0},
        turns=4,
    ),
    _inference("1", "10"),
    _inference("32", "1"),
    Row(
        "first-step",
        "from `train` to the end of the first step of ResNet-56",
        (
            Contender("ours", "ours_first_step", ("resnet56",), fresh=True),
            Contender("PyTorch", "torch_first_step", ("resnet56",), "torch", fresh=True),
        ),
        {"": 5.0, "PyTorch": 1.0},
        "s",
        turns=3,
    ),
    Row(
        "live-cell",
        "a live cell of chapter 1: plain-20 with 8 filters, 450 steps on *shapes*, errors measured",
        (
            Contender("ours", "live_cell", ("ours", "450"), fresh=True),
            Contender("PyTorch", "live_cell", ("torch", "450"), "torch", fresh=True),
        ),
        {"PyTorch": 1.0},
        "s",
        turns=3,
    ),
    Row(
        "input-cifar10",
        "crops and mirror images of CIFAR-10 on one core, against what training ResNet-20 takes",
        (
            Contender("ours, one core", "ours_input", ("128", "200")),
            _ours("resnet20", "32", "128", "6", label="training, all cores"),
        ),
        {"training, all cores": 10.0},
    ),
    Row(
        "input-photographs",
        "training images of 224x224 from photographs in files",
        (
            Contender("ours", "photos_input", ("ours", "32", "32")),
            Contender("image_dataset_from_directory", "photos_input", ("keras", "32", "32")),
            Contender("decoding them, and nothing else", "photos_input", ("decoding", "32", "32")),
        ),
        {"image_dataset_from_directory": 1.5},
    ),
    Row(
        "first-batch",
        "to the first batch of CIFAR-10",
        tuple(
            Contender(label, "first_batch", (which, "seconds"), fresh=True)
            for label, which in (("ours", "ours"), ("the published notebook", "published"))
        ),
        {"the published notebook": 10.0},
        "s",
        turns=3,
    ),
    Row(
        "input-memory",
        "memory that the input takes, CIFAR-10 itself aside",
        tuple(
            Contender(label, "first_batch", (which, "memory"), fresh=True)
            for label, which in (("ours", "ours"), ("the published notebook", "published"))
        ),
        {"the published notebook": 2.0},
        "MB",
        turns=3,
    ),
    Row(
        "limit",
        "operations of a training step of ResNet-20, against one large matrix product",
        (
            _ours("resnet20", "32", "128", "6", "--gflops", label="training"),
            Contender("a matrix product", "peak", ("products",)),
        ),
        {},
        "GFLOP/s",
    ),
    Row(
        "two-processes",
        "training ResNet-20 on JAX in two processes, half of the cores each, against one with all",
        tuple(
            Contender(label, "processes", ("resnet20", "6", n), "torch")
            for label, n in (("two processes", "2"), ("one process", "1"))
        ),
        {},
        turns=2,
    ),
    Row(
        "apart",
        "two trainings of ResNet-56 with 8 filters at 16x16, half of the cores each, against one",
        (
            Contender("two trainings", "apart", ("2", "own", *NARROW)),
            Contender("one training", "apart", ("1", "all", *NARROW)),
            Contender("two, both on all cores", "apart", ("2", "all", *NARROW)),
        ),
        {},
        turns=3,
    ),
    Row(
        "import",
        "importing `helpers.specs` and `helpers.counting`",
        (Contender("ours", "imports", ("import",), fresh=True),),
        {"": 0.2},
        "s",
    ),
    Row(
        "count",
        "counting the parameters of all nets",
        (Contender("ours", "imports", ("count",), fresh=True),),
        {"": 0.1},
        "s",
    ),
    Row(
        "command",
        "`python -m helpers count resnet34`",
        (Contender("ours", "imports", ("command",)),),
        {"": 0.5},
        "s",
    ),
    Row(
        "page",
        "`make book` where one page has changed",
        (Contender("ours", "one_page", ("book/01-degradation.md",)),),
        {"": 15.0},
        "s",
        turns=3,
    ),
)
