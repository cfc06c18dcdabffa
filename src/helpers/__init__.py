"""The library of the book *Residual Networks, from the degradation problem to ResNet-50*.

Imports go down this list and never up:
paper, specs, counting, layers, blocks, networks, naming, weights, shapes, data,
images_file, archives, feeding, photos, datasets, schedules, recipes, costs, runs,
rollcall, distribution, states, callbacks, training, on_device, inspection, propagation, repair,
transfer, causes, studies, published, measuring, mistakes, plots, scatter, diagrams, matching,
checks, glue.
"""

import os

# TensorFlow takes oneDNN's convolutions by itself on processors with AVX-512 alone. With AVX2
# a training step of ResNet-20 takes 1.7 times as long without them. The variable is read when
# TensorFlow is imported, so this stands before everything.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "1.0.0"
