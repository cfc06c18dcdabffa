"""The library of the book *Residual Networks, from the degradation problem to ResNet-50*.

Imports go down this list and never up:
paper, specs, counting, layers, blocks, networks, naming, weights, shapes, data,
images_file, archives, feeding, photos, datasets, schedules, recipes, costs, runs,
rollcall, distribution, callbacks, training, repair, transfer, studies,
inspection, measuring, mistakes, plots, diagrams, matching, checks, glue.
"""

__version__ = "1.0.0"
