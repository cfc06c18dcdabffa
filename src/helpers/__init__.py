"""The library of the book *Residual Networks, from the degradation problem to ResNet-50*.

Imports go down this list and never up:
paper, palette, glue, expect, whole, specs, counting, propagation, layers, blocks, networks,
datasets, weights, recipes, runs, training, inspection, checks, plots, diagrams, studies,
options.

What you import stands at the top of this folder. What you never import lies inside a package,
behind the names that its `__init__.py` lists.
"""

import os

# TensorFlow takes oneDNN's convolutions by itself on processors with AVX-512 alone. With AVX2
# a training step of ResNet-20 takes 1.7 times as long without them. The variable is read when
# TensorFlow is imported, so this stands before everything.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "1.0.0"
