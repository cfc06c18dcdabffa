"""What a reader's check of a block lets pass, in any style, and the mistakes that it finds."""

import keras
import pytest
from keras import layers, ops

from helpers import blocks, checks


def conv(x, filters, size=3, stride=1, *, bias=False, padding="symmetric"):
    if padding == "symmetric" and size > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
        padding = "valid"
    padding = "valid" if size == 1 else padding
    return layers.Conv2D(filters, size, stride, padding=padding, use_bias=bias)(x)


def norm(x, momentum=0.9, epsilon=1e-5, **options):
    return layers.BatchNormalization(momentum=momentum, epsilon=epsilon, **options)(x)


def relu(x):
    return layers.ReLU()(x)


class Inferring(layers.BatchNormalization):
    """Does not hear that it is being trained."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False)


# --- a reader's blocks, with a place for every mistake ------------------------------------


def plain(x, filters, stride, mistake=None):
    batch_norm = {
        "epsilon": lambda y: norm(y, epsilon=1e-3),
        "momentum": lambda y: norm(y, momentum=0.99),
        "relu before bn": lambda y: relu(norm(relu(y))),
        "never in training": lambda y: Inferring(momentum=0.9, epsilon=1e-5)(y),
    }.get(mistake, norm)
    here = {"bias": mistake == "bias"}
    if mistake == "same":
        here["padding"] = "same"
    first, second = (1, stride) if mistake == "stride in the second" else (stride, 1)
    if mistake == "no stride":
        first = 1
    x = relu(batch_norm(conv(x, filters, 3, first, **here)))
    if mistake == "one convolution":
        return x
    x = batch_norm(conv(x, filters, 3, second, **here))
    if mistake == "relu forgotten":
        return x
    return None if mistake == "no return" else relu(x)


def residual(x, filters, stride, mistake=None, kind="basic", bottleneck_stride="1x1"):
    """A basic or a bottleneck block."""
    out = 4 * filters if kind == "bottleneck" else filters
    start, changed = x, stride != 1 or x.shape[-1] != out
    changed = {
        "projects at a stride alone": stride != 1,
        "projects at other channels alone": x.shape[-1] != out,
        "compares with the filters": stride != 1 or x.shape[-1] != filters,
        "option C": True,
    }.get(mistake, changed)
    if mistake == "out of place":  # pre-activation, of a later paper
        x = relu(norm(x))
    if kind == "basic":
        x = main_path(x, filters, stride, mistake)
    else:
        x = narrow_path(x, filters, out, stride, mistake, bottleneck_stride)
    if mistake == "relu before the addition":
        x = relu(x)
    x = together(x, across(start, out, stride, changed, mistake), mistake)
    return x if mistake == "relu forgotten" else relu(x)


def main_path(x, filters, stride, mistake):
    here = {"bias": True} if mistake == "bias" else {}
    here |= {"padding": "same"} if mistake == "same" else {}
    epsilon = 1e-3 if mistake == "epsilon" else 1e-5
    first, second = (1, stride) if mistake == "stride in the second" else (stride, 1)
    x = norm(conv(x, filters, 3, first, **here), epsilon=epsilon)
    x = x if mistake == "no relu between" else relu(x)
    x = conv(x, filters, 3, second, **here)
    return x if mistake == "second bn forgotten" else norm(x, epsilon=epsilon)


def narrow_path(x, filters, out, stride, mistake, bottleneck_stride):
    if mistake == "stride on the other":
        bottleneck_stride = "3x3" if bottleneck_stride == "1x1" else "1x1"
    if mistake == "filters are those of the output":
        filters, out = filters // 4 or 1, filters
    if mistake == "no expansion":
        out = filters
    first, second = (stride, 1) if bottleneck_stride == "1x1" else (1, stride)
    x = relu(norm(conv(x, filters, 1, first)))
    x = norm(conv(x, filters, 1 if mistake == "all 1x1" else 3, second))
    x = x if mistake == "no relu between" else relu(x)
    return norm(conv(x, out, 1, bias=mistake == "bias"))


def across(x, filters, stride, changed, mistake):
    """The shortcut."""
    if not changed:
        return x
    if mistake == "option A":
        return blocks.shortcut(x, filters, stride, name="a", shortcut="A")
    if mistake == "pools":
        return norm(conv(layers.AveragePooling2D(2)(x) if stride > 1 else x, filters, 1))
    size = 3 if mistake == "projection of 3x3" else 1
    x = conv(x, filters, size, stride, bias=mistake == "projection with bias")
    x = x if mistake == "projection without bn" else norm(x)
    return relu(x) if mistake == "relu on the projection" else x


def together(fx, x, mistake):
    match mistake:
        case "multiplies":
            return layers.Multiply()([fx, x])
        case "concatenates":
            return layers.Concatenate()([fx, x])
        case "averages":
            return layers.Average()([fx, x])
        case "no addition":
            return fx
        case "bn behind the addition":
            return norm(layers.Add()([fx, x]))
    return layers.Add()([fx, x])


def bottleneck(x, filters, stride, mistake=None, bottleneck_stride="1x1"):
    return residual(x, filters, stride, mistake, "bottleneck", bottleneck_stride)


# --- what passes --------------------------------------------------------------------


class Block(layers.Layer):
    """Any of the three as a subclass, which may make the layers of its shortcut first."""

    def __init__(self, kind, filters, stride, channels, shortcut_first):
        super().__init__()
        sizes = [(filters, 1), (filters, 3), (4 * filters, 1)]
        sizes = sizes if kind == "bottleneck" else [(filters, 3), (filters, 3)]
        self.added = kind != "plain"
        self.projects = self.added and (stride != 1 or channels != sizes[-1][0])
        if shortcut_first:
            self.make_projection(sizes[-1][0], stride)
        self.convolutions = [
            layers.Conv2D(n, k, stride if i == 0 else 1, use_bias=False)
            for i, (n, k) in enumerate(sizes)
        ]
        self.norms = [layers.BatchNormalization(momentum=0.9, epsilon=1e-5) for _ in sizes]
        if not shortcut_first:
            self.make_projection(sizes[-1][0], stride)

    def make_projection(self, filters, stride):
        if self.projects:
            self.projection = layers.Conv2D(filters, 1, stride, use_bias=False)
            self.projection_norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

    def call(self, x, training=None):
        y = x
        for i, (convolution, bn) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            border = convolution.kernel_size[0] // 2
            y = ops.pad(ops.relu(y) if i else y, [(0, 0), (border,) * 2, (border,) * 2, (0, 0)])
            y = bn(convolution(y), training=training)
        if self.projects:
            x = self.projection_norm(self.projection(x), training=training)
        return ops.relu(y + x if self.added else y)


def written_backwards(x, filters, stride):
    """The shortcut first, a sum without a layer, activations as layers, a nested model."""
    identity = x
    if stride != 1 or x.shape[-1] != filters:
        identity = layers.Activation("linear")(norm(conv(x, filters, 1, stride)))
    parts = [layers.ZeroPadding2D(1), layers.Conv2D(filters, 3, stride, use_bias=False)]
    parts += [layers.BatchNormalization(momentum=0.9, epsilon=1e-5), layers.Activation("relu")]
    fx = keras.Sequential(parts)(x)
    return ops.relu(identity + norm(conv(fx, filters)))


CHECKS = {
    "plain": checks.plain_block,
    "basic": checks.basic_block,
    "bottleneck": checks.bottleneck_block,
}


@pytest.mark.parametrize("shortcut_first", [True, False])
@pytest.mark.parametrize("kind", CHECKS)
def test_a_block_as_a_subclass_passes(kind, shortcut_first, capsys):
    def block(x, filters, stride):
        return Block(kind, filters, stride, x.shape[-1], shortcut_first)(x)

    CHECKS[kind](block)
    said = f"Same weights, same outputs: yours and blocks.{kind}_block, at stride 1 and 2.\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("check", "block"),
    [
        (checks.plain_block, plain),
        (checks.basic_block, residual),
        (checks.basic_block, written_backwards),
        (checks.bottleneck_block, bottleneck),
    ],
)
def test_a_block_in_functions_passes(check, block):
    check(block)


def test_a_bottleneck_with_the_stride_on_the_3x3_passes_if_that_is_asked_for():
    def block(x, filters, stride):
        return bottleneck(x, filters, stride, bottleneck_stride="3x3")

    checks.bottleneck_block(block, bottleneck_stride="3x3")
    with pytest.raises(AssertionError, match=r"inference mode.*stride is in the first 1x1"):
        checks.bottleneck_block(block)


# --- what is found ------------------------------------------------------------------

ANYWHERE = {
    "relu forgotten": "differ",
    "epsilon": "epsilon 1e-5",
    "same": "inference mode.*padding",
    "stride in the second": "stride 2.*stride is in the first convolution",
    "bias": "Too much: .*convolution from . to 6 channels with bias.*has no bias",
}
PLAIN = ANYWHERE | {
    "momentum": "momentum: 0.9 here",
    "relu before bn": "differ",
    "never in training": "training mode",
    "no stride": "stride 2.*stride belongs to one convolution",
    "one convolution": "Missing: 1 x 3x3 convolution from 6 to 6 channels without bias",
    "no return": "should return.*None",
}
# What every residual block may have wrong. The text names the first case in which it shows.
RESIDUAL = {
    "relu before the addition": "differ.*last ReLU comes after the addition",
    "relu forgotten": "differ.*last ReLU comes after the addition",
    "no relu between": "differ",
    "out of place": "Too much: 1 x batch normalization",
    "projects at a stride alone": "stride 1.*4 channels coming in: your block cannot be.*project",
    "projects at other channels alone": "stride 2.*cannot be built.*needs a projection",
    "option C": "stride 1.*Missing: nothing. Too much: .*1 x 1x1 convolution",
    "option A": "Missing: .*1 x 1x1 convolution from 4 to .*Too much: nothing",
    "projection without bn": "Missing: 1 x batch normalization.*Too much: nothing.*and a batch",
    "projection with bias": "Too much: 1 x 1x1 convolution from 4 to .* with bias",
    "projection of 3x3": "Missing: 1 x 1x1 convolution from 4 .* Too much: 1 x 3x3 convolution",
    "relu on the projection": "stride 1.*4 channels coming in: .*differ",
    "pools": "stride 2.*differ",
    "multiplies": "differ",
    "concatenates": "maps .* yours gives",
    "averages": "differ",
    "bn behind the addition": "Too much: 1 x batch normalization",
}
BASIC = ANYWHERE | RESIDUAL | {"no addition": "differ", "second bn forgotten": "Missing: 1 x batch"}
BOTTLENECK = RESIDUAL | {
    "stride on the other": "stride 2.*inference mode.*stride is in the first 1x1",
    "compares with the filters": "24 channels coming in: .*Too much: .*1 x 1x1 convolution",
    "no expansion": "cannot be built|maps .* yours gives",
    "filters are those of the output": "cannot be built|maps .* yours gives",
    "all 1x1": "Missing: 1 x 3x3 convolution",
    "bias": "Too much: 1 x 1x1 convolution from 6 to 24 channels with bias",
}


BLOCKS = {"plain": plain, "basic": residual, "bottleneck": bottleneck}
MISTAKES = {"plain": PLAIN, "basic": BASIC, "bottleneck": BOTTLENECK}


@pytest.mark.parametrize(
    ("kind", "mistake"), [(kind, mistake) for kind, found in MISTAKES.items() for mistake in found]
)
def test_a_mistake_is_found(kind, mistake):
    keras.utils.set_random_seed(0)
    with pytest.raises(AssertionError, match=MISTAKES[kind][mistake]) as caught:
        CHECKS[kind](lambda x, filters, stride: BLOCKS[kind](x, filters, stride, mistake=mistake))
    assert "chapter" in str(caught.value) or mistake == "no return"


def test_the_other_kind_of_block_is_found():
    with pytest.raises(AssertionError, match=r"adds nothing.*chapter 2"):
        checks.plain_block(residual)
    with pytest.raises(AssertionError, match=r"differ.*chapter 2"):
        checks.basic_block(plain)
    with pytest.raises(AssertionError, match=r"maps .*24\); yours gives .*6\).*chapter 4"):
        checks.bottleneck_block(plain)
