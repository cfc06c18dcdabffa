"""The readers of records and of study files, with valid ones that are damaged."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from torture.fuzzing import Reader
from torture.mutations import odd_tree
from torture.readers import mixed

RESULTS = Path(__file__).resolve().parents[2] / "results"


def records() -> Reader:
    """`runs.load`, and what every page asks of a record."""
    from helpers import runs

    names = ("shapes-plain20", "shapes-resnet20", "cifar10-resnet20")
    paths = [next(iter(sorted(RESULTS.glob(f"{name}*.json"))), None) for name in names]
    trees = [_short(json.loads(path.read_text("utf-8"))) for path in paths if path]
    words = ["history", "error", "spec", "stages", "final", "extra", "block", "basic", "nan"]
    words += ["train", "NaN", "Infinity", "1e999", "[" * 5000, '{"a":' * 5000, "\\ud800", "null"]

    def aware(chance):
        return json.dumps(odd_tree(chance, chance.choice(trees), words)).encode()

    def read(path: Path) -> None:
        run = runs.load(path)
        if not isinstance(run.epochs + len(run.images), int) or not run.history["error"]:
            raise AssertionError("a record that is none was loaded")
        with contextlib.suppress(ValueError):  # a record may have any spec, until it is built
            str(run.architecture and run.architecture.depth)

    valid = [json.dumps(tree, indent=1).encode() for tree in trees]
    return Reader(".json", mixed(valid, words, aware), read)


def _short(record):
    """A record with few epochs: a mutation in a list of 160 numbers says little."""
    record["history"] = {key: column[:3] for key, column in record["history"].items()}
    return record


def studies() -> Reader:
    """`studies.load`: a list of trainings in TOML."""
    from helpers import studies

    folder = Path(studies.__file__).parent
    valid = [(folder / f"{name}.toml").read_bytes() for name in ("cifar10", "repair")]
    valid += [
        b'title = "x"\n[[runs]]\nnetworks = ["resnet20", "resnet20-B"]\nseeds = [0, 1]\n'
        b'data = "cifar10"\nepochs = 2\nbatch = 64\nlearning_rate = 0.1\nname = "n"\nxla = true\n',
        b'title = "y"\n[[runs]]\ntrainings = ["repair/published"]\nseeds = [0]\n',
    ]
    words = ["networks", "seeds", "[[runs]]", "title", "epochs", "steps", "images", "size", "xla"]
    words += ["[" * 2000, "{a=" * 500, "inf", "nan", "1e400", "true", '"""', "'", "\n", " = ", "{}"]
    words += ["filters", "padding", "schedule", '"cosine"', "precision", "mixup", "trainings"]
    words += ['"../../x"', "[0, 1]", "data", '"shapes"', "1979-05-27", "0x1F", "\\ud800", "#"]
    options = ("epochs", "steps", "size", "images", "batch", "filters", "padding", "data")
    options += ("learning_rate", "follow_test")
    options += ("schedule", "label_smoothing", "mixup", "precision", "xla", "name", "recipe")
    values = ("0", "-1", "1", "3.5", "nan", "inf", "1e308", "true", '""', '"x"', "[]", "[[1]]")
    values += ("{a = 1}", "9" * 40, "9" * 4000, '"../x"', '"cosine"', '"shapes"', "1979-05-27")

    def aware(chance):
        lines = ['title = "x"', "[[runs]]"]
        networks = chance.choice(('["resnet20"]', '["resnet20-B", "plain20"]', "[1]", '"x"'))
        lines += [f"networks = {networks}", 'data = "cifar10"']
        for option in chance.sample(options, chance.choice((1, 2, 3))):
            lines = [line for line in lines if not line.startswith(option)]
            lines.append(f"{option} = {chance.choice(values)}")
        return "\n".join(lines).encode()

    def read(path: Path) -> None:
        study = studies.load(path)
        for plan in study.plans:
            name = plan.record()
            if os.path.basename(name) != name:
                raise AssertionError(f"its record would lie elsewhere: {name}")
            plan.command()

    return Reader(".toml", mixed(valid, words, aware), read)


READERS = {"records": records, "studies": studies}
