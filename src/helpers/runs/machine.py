"""What a training ran on: versions and hardware, for its record."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np

import helpers

BACKENDS = ("tensorflow", "jax", "torch")  # of Keras', those that can train


def check_backend() -> str:
    """Keras' backend. Raises RuntimeError for one that computes but does not train."""
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise RuntimeError(
            f"Networks train on {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}: set KERAS_BACKEND "
            f"before Keras is imported. Received: KERAS_BACKEND={backend}"
        )
    return backend


def versions() -> dict[str, str]:
    """Versions of Python, of the book, and of what a training depends on.

    Raises RuntimeError for a backend of Keras' that does not train.
    """
    found = {
        "helpers": helpers.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": check_backend(),
        "numpy": np.__version__,
    }
    return found | {found["backend"]: __import__(found["backend"]).__version__}


def hardware() -> dict[str, Any]:
    """Processor, cores, system, and the accelerators that the backend sees."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "accelerators": _accelerators(),
    }


def _accelerators() -> list[str]:
    """What the backend has to compute on besides processors, by the makers' names."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(d) for d in found]
        return [d.get("device_name", "GPU") for d in details]
    if backend == "jax":
        import jax

        return [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return []


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file() and (m := re.search(r"model name\s*: (.*)", cpuinfo.read_text())):
        return m.group(1)
    return platform.processor() or platform.machine()
