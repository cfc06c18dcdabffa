"""How many steps of ResNet-20 take as long as the published notebook's training.

    python benchmarks/same_time.py [--batches 20] [--rounds 5]

The notebook of the chapter "Repairing a notebook" as it stands, and ResNet-20 by the
paper's recipe with its batches of 128, timed in turns, in one process, in float32.
Prints images per second of each round, and the number of steps, by the medians.
"""

from __future__ import annotations

import argparse
import statistics

from helpers import networks, recipes, training
from helpers.studies import repair
from turns import images_per_second


def main() -> None:
    """Builds both networks, times them in turns, prints the number of steps."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    published, paper = repair.recipe(repair.PUBLISHED), recipes.HE2015_CIFAR10
    models = {
        "published": training.compile_model(repair.build(repair.PUBLISHED), published),
        "resnet20": training.compile_model(networks.build("resnet20"), paper),
    }
    sizes = {"published": published.batch_size, "resnet20": paper.batch_size}
    speeds = images_per_second(
        models, batches=options.batches, rounds=options.rounds, batch_sizes=sizes
    )
    for name, values in speeds.items():
        print(f"{name:9} images/s: {'  '.join(f'{v:.0f}' for v in values)}")
    per_step = {name: sizes[name] / statistics.median(speeds[name]) for name in models}
    seconds = published.steps * per_step["published"]
    print(f"{published.steps:,} steps of the published notebook take {seconds / 60:.1f} min")
    print(f"in that time: {round(seconds / per_step['resnet20']):,} steps of ResNet-20")


if __name__ == "__main__":
    main()
