"""What the library is compared with: the paper's numbers, and its equations in plain NumPy.

Nothing here imports `helpers` or Keras.
"""

import numpy as np

# He et al. 2015, Tables 1 and 6. Trainable parameters and multiply-adds follow from the
# architecture; the last column is what the paper prints ("FLOPs", rounded loosely).
#   (network, option): (parameters, moving statistics, multiply-adds as text, paper's FLOPs)
IMAGENET = {
    ("resnet18", "B"): (11_689_512, 9_600, "1.814e9", 1.8e9),
    ("resnet34", "B"): (21_797_672, 17_024, "3.664e9", 3.6e9),
    ("resnet34", "A"): (21_623_848, None, "3.644e9", 3.6e9),
    ("plain34", None): (21_623_848, None, "3.644e9", 3.6e9),
}
#   depth: (parameters of the plain net and of option A, of option B, multiply-adds as text)
CIFAR10 = {
    20: (269_722, 272_474, "40.6e6"),
    32: (464_154, 466_906, "68.9e6"),
    44: (658_586, 661_338, "97.2e6"),
    56: (853_018, 855_770, "125.5e6"),
    110: (1_727_962, 1_730_714, "252.9e6"),
    1202: (19_421_274, 19_424_026, "2.83e9"),
}


def agrees(value, text):
    """Whether a number, rounded to the digits of `text` such as "40.6e6", is that number."""
    mantissa, exponent = text.split("e")
    digits = len(mantissa.partition(".")[2])
    return f"{value / 10 ** int(exponent):.{digits}f}" == mantissa


def cifar_multiply_adds(depth):
    """Multiply-adds of a plain or option A net of section 4.2, by hand."""
    n = (depth - 2) // 6
    stem = 32 * 32 * 9 * 3 * 16
    # Halving the side and doubling the filters keeps the work of a convolution, and the
    # first one of a stage reads half the channels.
    one = 32 * 32 * 9 * 16 * 16
    return stem + 2 * n * one + 2 * (one // 2 + (2 * n - 1) * one) + 64 * 10


def cifar_moving_statistics(depth):
    """A mean and a variance per channel of every batch normalization; plain or option A."""
    n = (depth - 2) // 6
    return 2 * (16 + 2 * n * (16 + 32 + 64))


def conv(x, kernel, bias=None, stride=1, padding=0):
    """Cross-correlation with `padding` zeros on every side; (N, H, W, C) by (k, k, C, F)."""
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    size, _, _, filters = kernel.shape
    n, height, width, _ = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    out = np.zeros((n, rows, columns, filters))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            for f in range(filters):
                out[:, i, j, f] = (window * kernel[..., f]).sum(axis=(1, 2, 3))
    return out if bias is None else out + bias


def batch_norm(x, gamma, beta, mean, variance, *, training, epsilon=1e-5):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, per channel."""
    if training:
        axes = tuple(range(x.ndim - 1))
        mean = x.mean(axis=axes)
        variance = ((x - mean) ** 2).mean(axis=axes)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def relu(x):
    return np.where(x > 0, x, 0.0)


def max_pool(x):
    """3x3, stride 2, one pixel of padding that never wins."""
    x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    n, height, width, channels = x.shape
    out = np.zeros((n, (height - 3) // 2 + 1, (width - 3) // 2 + 1, channels))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j] = x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max(axis=(1, 2))
    return out


def conv_bn(x, weights, name, stride=1, *, training):
    """Convolution, symmetric padding, and batch normalization where the weights have one."""
    kernel, *bias = weights[f"{name}_conv"]
    x = conv(x, kernel, *bias, stride=stride, padding=kernel.shape[0] // 2)
    if f"{name}_bn" in weights:
        x = batch_norm(x, *weights[f"{name}_bn"], training=training)
    return x


def block(x, weights, name, stride, option, *, training):
    """Figure 2: a basic block, or with `option=None` the plain one.

    `weights` maps layer names to arrays; the shortcut is written as section 3.3 words it.
    """
    fx = relu(conv_bn(x, weights, f"{name}_1", stride, training=training))
    fx = conv_bn(fx, weights, f"{name}_2", training=training)
    if option is None:
        return relu(fx)
    changed = stride != 1 or x.shape[-1] != fx.shape[-1]
    if option == "C" or (option == "B" and changed):
        x = conv_bn(x, weights, f"{name}_proj", stride, training=training)
    elif changed:
        identity = np.zeros_like(fx)
        identity[..., : x.shape[-1]] = x[:, ::stride, ::stride]
        x = identity
    return relu(fx + x)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def random_weights(model, seed=0):
    """Gives every layer of a Keras model weights that leave nothing at its neutral value.

    Returns {layer name: arrays in float64}.
    """
    random = np.random.default_rng(seed)
    found = {}
    for layer in model.layers:
        if not layer.weights:
            continue
        arrays = []
        for variable in layer.weights:
            value = random.normal(0, 0.5, variable.shape)
            if variable.name in ("gamma", "moving_variance"):
                value = random.uniform(0.5, 1.5, variable.shape)
            arrays.append(value.astype("float32"))
        layer.set_weights(arrays)
        found[layer.name] = [a.astype("float64") for a in arrays]
    return found
