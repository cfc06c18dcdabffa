"""What a file of tests needs besides the book's requirements."""

import importlib.util

# What a file needs besides the book's requirements stands at the end of its name. It runs where
# that is, in `make backends`; elsewhere it is left out, and the header says so. TensorFlow reads
# the photographs on which JAX trains, and a net goes from one backend to the next. No environment
# has all, so `make backends` runs those files in the one with TensorFlow and names the folder where
# JAX and PyTorch lie.
NEEDED = {
    "_torch": ["torch"],
    "_jax": ["jax"],
    "_jax_and_tensorflow": ["jax", "tensorflow"],
    "_three_backends": ["jax", "tensorflow", "torch"],
}


def missing(path):
    """The packages that a file of tests needs and this environment lacks."""
    needed = [name for end, names in NEEDED.items() if path.stem.endswith(end) for name in names]
    return [name for name in needed if importlib.util.find_spec(name) is None]
