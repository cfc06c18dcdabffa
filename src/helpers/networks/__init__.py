"""From a spec to a `keras.Model`.

What you call is here. `reparameterisation` merges what a trained model adds up, or folds its
batch normalizations into its convolutions: another model of the same function.

Source: He et al. 2015, Table 1 and section 4.2; for later nets the papers that `specs` names.
Book: chapters 1, 3, 4 and 9.
"""

from helpers.networks.building import IMAGES_BY, build

__all__ = ["IMAGES_BY", "build"]
