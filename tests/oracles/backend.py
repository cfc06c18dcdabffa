"""Models run forward and backward on whichever backend Keras has: TensorFlow, JAX or PyTorch."""

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def forward(model, x, training=False):
    """The outputs as a NumPy array."""
    return ops.convert_to_numpy(model(np.asarray(x, "float32"), training=training))


def backward(model, x, factors, training):
    """Outputs y, and the gradients of the sum of y * factors: for x, and for trainable weights.

    Returns y, dx and the weights' gradients in the order of `model.trainable_weights`, in
    float32. Moving statistics move, as in a call. The one place where the backends differ.
    """
    x, factors = ops.convert_to_tensor(x), ops.convert_to_tensor(factors, "float32")
    y, dx, gradients = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[BACKEND](
        model, x, factors, training
    )
    y, dx, *gradients = (
        ops.convert_to_numpy(ops.cast(array, "float32")) for array in (y, dx, *gradients)
    )
    return y, dx, gradients


def _tensorflow(model, x, factors, training):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=training)
        total = tf.reduce_sum(tf.cast(y, "float32") * factors)
    dx, *gradients = tape.gradient(total, [x, *(w.value for w in model.trainable_weights)])
    return y, dx, gradients


def _jax(model, x, factors, training):
    import jax

    def total(weights, x):
        state = [v.value for v in model.non_trainable_variables]
        y, state = model.stateless_call(weights, state, x, training=training)
        return (ops.cast(y, "float32") * factors).sum(), (y, state)

    weights = [w.value for w in model.trainable_weights]
    both = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)
    (_, (y, state)), (gradients, dx) = both(weights, x)
    for variable, value in zip(model.non_trainable_variables, state, strict=True):
        variable.assign(value)
    return y, dx, gradients


def _torch(model, x, factors, training):
    weights = [w.value for w in model.trainable_weights]
    for array in (x, *weights):
        array.grad = None
    x.requires_grad_()
    y = model(x, training=training)
    (ops.cast(y, "float32") * factors).sum().backward()
    return y.detach(), x.grad, [w.grad for w in weights]
