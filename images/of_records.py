"""The pictures that are drawn from records of trainings and measurements."""

from __future__ import annotations

import matplotlib.pyplot as plt

from helpers import paper, plots, runs, studies
from helpers.studies import causes, inside, repair

SHOWN = ("resnet20", "resnet56", "a-martyn/resnet56", "a-martyn/plainnet56")


def recorded(*nets):
    """Training and validation error of 20 epochs on CIFAR-10 (JPEG)."""
    full_size = studies.recorded(studies.load("depth"), size=None)
    of_net = {run.network: run for run in full_size}
    of_nets = [of_net[net] for net in nets]
    height = 3.2 if len(nets) == 2 else 4
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(7.2, height), layout="constrained")
    plots.curves(of_nets, axes[0])
    plots.curves(of_nets, axes[1], "validation_error")
    if len(nets) > 2:  # too many for a legend inside a panel
        for ax in axes:
            ax.get_legend().remove()
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def degradation():
    """Chapter 1 and README: the degradation problem."""
    return recorded("plain20", "plain56")


def residual():
    """Chapter 2: the same depths with shortcuts."""
    return recorded("plain20", "plain56", "resnet20", "resnet56")


def board():
    """Chapter 8: every subset of the blocks of ResNet-20 and plain-20 removed."""
    axes = plt.subplots(1, 2, figsize=(7.2, 3.2), sharey=True, layout="constrained")[1]
    nets = inside.record("board")["nets"]
    plots.all_subsets(nets, axes[0], title="averages of training")
    return plots.all_subsets(nets, axes[1], key="renewed", title="estimated anew").figure


def responses():
    """Chapter 8: Figure 7 of the paper, and F(x) beside x, by layer and block."""
    found, look = inside.record("responses")["nets"], {"figsize": (9, 3.2), "layout": "constrained"}
    return plots.responses(found, plt.subplots(1, 3, **look)[1], labels=inside.LABELS)[0].figure


def several_removed():
    """Chapter 8: blocks removed at random, and blocks out of order."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
    nets = inside.record("lesions")["nets"]
    shown = {inside.LABELS.get(net, net): (nets[net], "renewed") for net in SHOWN}
    plots.removed_at_random(shown, axes[0]).get_legend().remove()
    plots.reordered(shown, axes[1])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def ablations():
    """Chapter 9: ResNet-20 with one change at a time."""
    figure, axes = plt.subplots(1, 2, sharey=True, figsize=(7.6, 3.8), layout="constrained")
    groups = {}
    for run in studies.recorded(studies.load("ablations"), partial=True):
        groups.setdefault(run.network, []).append(run)
    for ax, split, title in zip(axes, ("train", "test"), ("training", "test"), strict=True):
        plots.strips(groups, ax, splits=(split,)).set_title(title)
    return figure


def error_by_depth():
    """Front page, README and chapter 5: does depth pay?"""
    sweep = studies.recorded(studies.load("depth"), size=16, learning_rate=None)
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), layout="constrained")
    for ax, split in zip(axes, ("train", "test"), strict=True):
        plots.error_by_depth(sweep, ax, split=split)
        ax.set(title="", ylim=(0, 60))
    title = "CIFAR-10 (JPEG) at 16x16, 20 epochs, three seeds"
    figure.suptitle(title, fontsize="medium")
    return figure


def every_epoch():
    """Chapter 5: the sweep's runs of the first seed, epoch by epoch."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), layout="constrained", sharey=True)
    sweep = studies.recorded(studies.load("depth"), size=16, learning_rate=None, seed=0)
    for ax, kind in zip(axes, ("plain", "resnet"), strict=True):
        of_kind = [run for run in sweep if run.network.startswith(kind)]
        plots.curves(sorted(of_kind, key=lambda run: run.parameters), ax)
        ax.set_title("")
        ax.legend(fontsize="small", loc="lower left", ncols=2)
    figure.suptitle(sweep[0].images, fontsize="medium")
    return figure


def study():
    """Chapter 5: the paper's Figure 6 from our records, without its ResNet-110."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), layout="constrained", sharey=True)
    marks = {net: reported.error for net, reported in paper.TABLE_6.items()}
    for ax, kind in zip(axes, ("plain", "resnet"), strict=True):
        plans = [p for p in studies.load("cifar10").plans if p.network.startswith(kind)]
        same = [p for p in plans if p.seed == 0 and p.precision == "mixed_bfloat16"]
        same = [p for p in same if p.network != "resnet110"]  # it had no time to learn
        of_nets = [runs.load(p.record()) for p in same]
        plots.training_and_test(sorted(of_nets, key=lambda r: r.parameters), ax, marks=marks)
        ax.legend(fontsize="small")
    return figure


def error_bars():
    """How to read an error: Table 6 of the paper with its error bars."""
    nets = {net: r for net, r in paper.TABLE_6.items() if net != "resnet1202"}
    figure, ax = plt.subplots(figsize=(5.4, 3.2), layout="constrained")
    plots.reported_errors(nets, ax)
    ax.set_title("the paper, CIFAR-10, 10,000 test images", fontsize="medium")
    return figure


def growth_and_error(*starts):
    """The cause, tried: what was learned against how much the gradient grew before."""
    residual = [name for name, what in causes.INTERVENTIONS.items() if what.residual]
    size = (7, 4.5 * len(starts))
    figure, axes = plt.subplots(len(starts), 1, figsize=size, layout="constrained", squeeze=False)
    for ax, start in zip(axes.flat, starts, strict=True):
        warmup = causes.WARMUP if start == "warm" else 0
        rows = causes.points(seeds=causes.seeds_recorded(warmup), warmup=warmup)
        look = {"residual": residual, "names": causes.WRITTEN, "images": f"{start} start"}
        plots.growth_and_error(rows, ax, **look)
    return figure


def repairs():
    """Repairing a notebook: the test error after each repair, as read and read anew."""
    steps = list(repair.STEPS)
    figure, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
    of = {seed: [repair.readings(step, seed=seed) for step in steps] for seed in (0, 1)}
    read, anew = plots.COLOURS[2], plots.COLOURS[0]
    for seed, marker in ((0, "s"), (1, "o")):
        errors = [row["test"] for row in of[seed]]
        style = {"color": read, "ls": ":", "marker": marker, "mfc": "none"}
        ax.plot(errors, steps, label=f"as read, seed {seed}", **style)
    ax.plot([row["anew"] for row in of[1]], steps, "o-", color=anew, label="anew, seed 1")
    both = [(row["anew"], s) for row, s in zip(of[0], steps, strict=True) if "anew" in row]
    ax.plot(*zip(*both, strict=True), "s", color=anew, mfc="none", label="anew, seed 0")
    ax.invert_yaxis()
    ax.set_xlabel("test error (%)")
    ax.set_title("CIFAR-10 (JPEG), 5,850 steps of 64 images", fontsize="medium")
    figure.legend(loc="outside lower center", ncols=2)
    return figure
