"""How images are made ready for a set of weights. It belongs to the weights.

The same photograph gives other numbers under another convention, and the network
answers without complaint: the shapes are the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from helpers.support import expect

Channels = Literal["RGB", "BGR"]
Interpolation = Literal["bilinear", "bicubic"]
CHANNELS: tuple[Channels, ...] = ("RGB", "BGR")
INTERPOLATIONS: tuple[Interpolation, ...] = ("bilinear", "bicubic")


@dataclass(frozen=True)
class Preprocessing:
    """What a set of weights wants to see: (scale * x - mean) / std, channel by channel.

    - `mean`, `std`: in the order of `channels`, in units of `scale` times 0 to 255;
    - `channels`: RGB, or BGR as in Caffe, which reads images by OpenCV;
    - `crop`: side in pixels of the central square that the set is evaluated on;
    - `resize`: the shorter side in pixels before that crop, and `interpolation` how the
      image gets there. Calling it leaves all three to the input pipeline.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    scale: float = 1 / 255
    channels: Channels = "RGB"
    resize: int = 256
    crop: int = 224
    interpolation: Interpolation = "bilinear"

    def __post_init__(self) -> None:
        for key, known in (("channels", CHANNELS), ("interpolation", INTERPOLATIONS)):
            expect.one_of(key, getattr(self, key), known)
        if not 0 < self.crop <= self.resize:
            raise ValueError(
                "The crop is cut from the resized image: `crop` must be at most `resize`. "
                f"Received: crop={self.crop!r}, resize={self.resize!r}"
            )

    def __call__(self, images: Any) -> Any:
        """(..., 3) RGB from 0 to 255, of any type, -> the same shape, float32, ready to go in.

        Takes NumPy arrays and tensors of Keras' backend, so it may stand in `Dataset.map`
        where Keras runs on TensorFlow. Raises ValueError for other channels than three.
        """
        if tuple(getattr(images, "shape", ()))[-1:] != (3,):
            raise ValueError(
                "`images` must be RGB, (N, H, W, 3) or (H, W, 3), from 0 to 255. "
                f"Received: shape {getattr(images, 'shape', None)} of type {type(images).__name__}"
            )
        mean, std = (np.array(values, "float32") for values in (self.mean, self.std))
        if isinstance(images, np.ndarray):  # and stays one
            images, flip = images.astype("float32"), np.flip
        else:
            images, flip = keras.ops.cast(images, "float32"), keras.ops.flip
            mean, std = keras.ops.array(mean), keras.ops.array(std)
        if self.channels == "BGR":
            images = flip(images, -1)
        return (images * self.scale - mean) / std


# He et al.'s Caffe models: BGR minus the mean of ImageNet's channels, which
# keras.applications.resnet.preprocess_input subtracts, too. Its source says nothing of resizing;
# Keras states errors of one central crop of 224, and the authors, for the same weights, that it
# is cut from the image whose shorter side is 256. Neither says how that is interpolated.
KERAS = Preprocessing(mean=(103.939, 116.779, 123.68), scale=1.0, channels="BGR")

# Mean and standard deviation of ImageNet's training images, from 0 to 1, as torchvision has them.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def from_timm(config: dict[str, Any]) -> Preprocessing:
    """What a `pretrained_cfg` of timm's says, for evaluation: the size is the test size.

    timm gives the crop as a share of the resized image: 224 / 0.875 is 256 pixels.
    Raises ValueError if something is missing or is no central crop of a square.
    """
    try:
        shape = config.get("test_input_size") or config["input_size"]
        share = config.get("test_crop_pct") or config["crop_pct"]
        mode = config.get("crop_mode", "center")
        if mode != "center" or len(shape) != 3 or shape[1] != shape[2]:
            raise ValueError(f"a crop of mode {mode!r} and shape {shape}")
        return Preprocessing(
            mean=tuple(config["mean"]),
            std=tuple(config["std"]),
            resize=math.floor(shape[1] / share),
            crop=shape[1],
            interpolation=config["interpolation"],
        )
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            "Expected `input_size`, `crop_pct`, `mean`, `std` and `interpolation` of a central "
            f"crop, as timm writes them. Received: {config!r:.200} ({error})"
        ) from error
