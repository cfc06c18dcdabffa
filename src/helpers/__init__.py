"""The library of the book *Residual Networks, from the degradation problem to ResNet-50*.

What you import stands at the top of this folder. What you never import lies inside a package,
behind the names that its `__init__.py` lists; the exceptions are `optimizer.py` and `support/`,
which stand below several packages and so inside none. Imports go down one list of these and
never up: the list is a contract in `pyproject.toml`, which `make lint` holds.
"""

import os

# TensorFlow takes oneDNN's convolutions by itself on processors with AVX-512 alone. With AVX2
# a training step of ResNet-20 takes 1.7 times as long without them. The variable is read when
# TensorFlow is imported, so this stands before everything.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "1.0.0"
