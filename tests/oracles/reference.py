"""What the library is compared with: the paper's equations in plain NumPy, and their gradients.

Nothing here imports `helpers` or Keras.
"""

import itertools

import numpy as np

# --- forward ----------------------------------------------------------------------


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
            out[:, i, j] = np.tensordot(window, kernel, 3)
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


def max_pool(x, size=3, padding=1):
    """Windows of `size` at stride 2; the pixels of padding never win."""
    border = (padding, padding)
    x = np.pad(x, [(0, 0), border, border, (0, 0)], constant_values=-np.inf)
    n, height, width, channels = x.shape
    out = np.zeros((n, (height - size) // 2 + 1, (width - size) // 2 + 1, channels))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[:, i, j] = x[:, 2 * i : 2 * i + size, 2 * j : 2 * j + size].max(axis=(1, 2))
    return out


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def conv_bn(x, weights, name, stride=1, *, training):
    """Convolution, symmetric padding, and batch normalization where the weights have one."""
    kernel, *bias = weights[f"{name}_conv"]
    x = conv(x, kernel, *bias, stride=stride, padding=kernel.shape[0] // 2)
    if f"{name}_bn" in weights:
        x = batch_norm(x, *weights[f"{name}_bn"], training=training)
    return x


def strides(weights, name, stride, bottleneck_stride):
    """The stride of each convolution of a block's main path."""
    if f"{name}_3_conv" not in weights:
        return (stride, 1)
    return (stride, 1, 1) if bottleneck_stride == "1x1" else (1, stride, 1)


def block(x, weights, name, stride, option, *, training, bottleneck_stride="1x1"):
    """Figures 2 and 5: a basic or a bottleneck block, or with `option=None` the plain one.

    `weights` maps layer names to arrays; the shortcut is written as section 3.3 words it.
    """
    fx = x
    for j, step in enumerate(strides(weights, name, stride, bottleneck_stride), start=1):
        fx = conv_bn(fx if j == 1 else relu(fx), weights, f"{name}_{j}", step, training=training)
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


# --- backward: from the gradient dy of the output to those of input and weights -----


def conv_gradient(dy, x, kernel, stride=1, padding=0):
    """Every output number sends its gradient to its window and to the kernel."""
    border = (padding, padding)
    padded = np.pad(x, [(0, 0), border, border, (0, 0)])
    dx, dkernel = np.zeros_like(padded), np.zeros_like(kernel)
    size = kernel.shape[0]
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            rows = slice(i * stride, i * stride + size)
            columns = slice(j * stride, j * stride + size)
            dx[:, rows, columns] += np.einsum("nf,abcf->nabc", dy[:, i, j], kernel)
            dkernel += np.einsum("nabc,nf->abcf", padded[:, rows, columns], dy[:, i, j])
    height, width = x.shape[1:3]
    return dx[:, padding : padding + height, padding : padding + width], dkernel


def batch_norm_gradient(dy, x, gamma, beta, mean, variance, *, training, epsilon=1e-5):
    """dx, dgamma, dbeta. In training, mean and variance depend on every x, too."""
    axes = (0, 1, 2)
    if training:
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
    deviation = np.sqrt(variance + epsilon)
    normal = (x - mean) / deviation
    dnormal = dy * gamma
    if training:
        dnormal = dnormal - dnormal.mean(axis=axes) - normal * (dnormal * normal).mean(axis=axes)
    return dnormal / deviation, (dy * normal).sum(axis=axes), dy.sum(axis=axes)


def conv_bn_gradient(dy, x, weights, name, stride=1, *, training):
    """dx and {layer name: gradients of its trainable weights}."""
    kernel, *bias = weights[f"{name}_conv"]
    gradients = {}
    if f"{name}_bn" in weights:
        z = conv(x, kernel, stride=stride, padding=kernel.shape[0] // 2)
        norm = weights[f"{name}_bn"]
        dy, *gradients[f"{name}_bn"] = batch_norm_gradient(dy, z, *norm, training=training)
    dx, dkernel = conv_gradient(dy, x, kernel, stride, kernel.shape[0] // 2)
    gradients[f"{name}_conv"] = [dkernel, *(dy.sum(axis=(0, 1, 2)) for _ in bias)]
    return dx, gradients


def block_gradient(dy, x, weights, name, stride, option, *, training, bottleneck_stride="1x1"):
    """dx and the weights' gradients of `block`: those of both ways are added up."""
    how = {"training": training, "bottleneck_stride": bottleneck_stride}
    dy = dy * (block(x, weights, name, stride, option, **how) > 0)
    steps = strides(weights, name, stride, bottleneck_stride)
    inputs = [x]  # of the main path's convolutions
    for j, step in enumerate(steps[:-1], start=1):
        y = conv_bn(inputs[-1], weights, f"{name}_{j}", step, training=training)
        inputs.append(relu(y))
    gradients, back = {}, dy
    for j in range(len(steps), 0, -1):
        if j < len(steps):
            back = back * (inputs[j] > 0)
        back, found = conv_bn_gradient(
            back, inputs[j - 1], weights, f"{name}_{j}", steps[j - 1], training=training
        )
        gradients |= found
    if option is None:
        return back, gradients
    if f"{name}_proj_conv" in weights:
        dx, found = conv_bn_gradient(dy, x, weights, f"{name}_proj", stride, training=training)
        gradients |= found
    else:
        dx = np.zeros_like(x)
        dx[:, ::stride, ::stride] = dy[..., : x.shape[-1]]
    return back + dx, gradients


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


# --- augmentation -----------------------------------------------------------------


def crop(image, row, column, flip, padding):
    """One view of an image by slices: pad with zeros, crop, mirror."""
    height, width, _ = image.shape
    view = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
    view = view[row : row + height, column : column + width]
    return view[:, ::-1] if flip else view


def check_crops(images, results, *, padding, flip):
    """Each result is one view of its image, and all views are about equally often there."""
    assert results.shape == images.shape
    n, width, seen = len(images), 2 * padding + 1, []
    for image, result in zip(images, results, strict=True):
        offsets = itertools.product(range(width), range(width), (False, True))
        matches = [o for o in offsets if np.array_equal(crop(image, *o, padding), result)]
        assert len(matches) == 1
        seen += matches
    mirrored = sum(m for _, _, m in seen)
    assert (n / 2 - 35 < mirrored < n / 2 + 35) if flip else mirrored == 0
    for axis in (0, 1):  # every offset: five standard errors
        counts = np.bincount([o[axis] for o in seen], minlength=width)
        assert abs(counts - n / width).max() <= 5 * np.sqrt(n / width)
    if padding:  # rows, columns and mirroring are drawn apart
        assert len(set(seen)) > (40 if flip else 22)
