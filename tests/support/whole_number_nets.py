"""A net in whole numbers as a Keras model of `networks.build`, layer by layer."""

import keras
import numpy as np

import look_inside
from helpers import inspection, networks
from helpers.layers import BatchNormalization


def keras_net(layers) -> keras.Model:
    """The narrow ResNet-20 with the weights that these layers' whole numbers stand for.

    Its batch normalizations change nothing but by their beta, and it puts out logits.
    """
    arguments = {"input_shape": (32, 32, 3), "num_classes": 10, "classifier_activation": None}
    model = networks.build(look_inside.spec(), **arguments)
    for layer in layers:
        if layer.name == "fc":
            model.get_layer("fc").set_weights([layer.weights, layer.bias])
            continue
        model.get_layer(f"{layer.name}_conv").set_weights([layer.weights])
        norm = model.get_layer(f"{layer.name}_bn")
        assert isinstance(norm, BatchNormalization)
        one, nought = np.ones_like(layer.bias), np.zeros_like(layer.bias)
        norm.set_weights([one, layer.bias, nought, one - norm.epsilon])
    return model


def watched(model) -> keras.Model:
    """Stem; of each block what the shortcut brings, F(x) and what goes on; logits."""
    blocks = inspection.find_blocks(model)
    inner = [x for block in blocks for x in (block.carried, block.residual, block.exit)]
    return keras.Model(model.input, [model.get_layer("conv1_relu").output, *inner, model.output])
