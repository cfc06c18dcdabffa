"""The numbers of the papers, printed or derived by hand from their tables.

Nothing here imports `helpers` or Keras.
"""

import re

# He et al. 2015, Tables 1 and 6. Trainable parameters and multiply-adds follow from the
# architecture; the last column is what the paper prints ("FLOPs", rounded loosely).
#   (network, option): (parameters, moving statistics, multiply-adds as text, paper's FLOPs)
IMAGENET = {
    ("resnet18", "B"): (11_689_512, 9_600, "1.814e9", 1.8e9),
    ("resnet34", "B"): (21_797_672, 17_024, "3.664e9", 3.6e9),
    ("resnet34", "A"): (21_623_848, None, "3.644e9", 3.6e9),
    ("plain34", None): (21_623_848, None, "3.644e9", 3.6e9),
    ("resnet50", "B"): (25_557_032, 53_120, "3.858e9", 3.8e9),
    ("resnet101", "B"): (44_549_160, 105_344, "7.570e9", 7.6e9),
    ("resnet152", "B"): (60_192_808, 151_424, "11.282e9", 11.3e9),
    ("vgg16", None): (138_357_544, 0, "15.47e9", 15.3e9),
    ("vgg19", None): (143_667_240, 0, "19.63e9", 19.6e9),
}
# Multiply-adds with the stride on the 3x3, "v1.5"; of VGG's convolutions alone.
V1_5 = {"resnet50": "4.089e9", "resnet101": "7.801e9", "resnet152": "11.514e9"}
VGG_CONVOLUTIONS = {"vgg16": "15.35e9", "vgg19": "19.51e9"}
# Per cent of the multiply-adds in conv1 and conv2_x to conv5_x.
SHARES = {"resnet50": "3.1 17.3 24.6 36.0 19.0", "resnet34": "3 19 24 36 18"}
#   depth: (parameters of the plain net and of option A, of option B, multiply-adds as text)
#   The paper begins at 20; 8 and 14 follow from its 6n + 2 in the same way.
CIFAR10 = {
    8: (75_290, 78_042, "12.2e6"),
    14: (172_506, 175_258, "26.4e6"),
    20: (269_722, 272_474, "40.6e6"),
    32: (464_154, 466_906, "68.9e6"),
    44: (658_586, 661_338, "97.2e6"),
    56: (853_018, 855_770, "125.5e6"),
    110: (1_727_962, 1_730_714, "252.9e6"),
    1202: (19_421_274, 19_424_026, "2.83e9"),
}
# Blocks per stage in Table 1; convolutions per stage in VGG (Simonyan and Zisserman 2015).
TABLE_1 = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
VGG = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def agrees(value, text):
    """Whether a number, rounded to the digits of `text` such as "40.6e6", is that number."""
    mantissa, exponent = text.split("e") if "e" in text else (text, "0")
    digits = len(mantissa.partition(".")[2])
    return f"{value / 10 ** int(exponent):.{digits}f}" == mantissa


def stages(name):
    """(filters, blocks, side of the maps) of every stage of a net of the book."""
    depth = int(re.sub(r"\D", "", name))
    if name.startswith("vgg"):
        filters, repeats, side = (64, 128, 256, 512, 512), VGG[depth], 224
    elif depth in TABLE_1:
        filters, repeats, side = (64, 128, 256, 512), TABLE_1[depth], 56
    else:
        filters, repeats, side = (16, 32, 64), ((depth - 2) // 6,) * 3, 32
    return [(f, n, side // 2**i) for i, (f, n) in enumerate(zip(filters, repeats, strict=True))]


def expansion(name):
    """Channels of a stage's output per filter: 4 for the bottleneck nets."""
    return 4 if name in V1_5 else 1


def by_hand(name, option=None, *, v1_5=False):
    """(trainable parameters, moving statistics, multiply-adds): sums over whole stages."""
    small = stages(name)[0][0] == 16
    c, side, kernel = (16, 32, 9) if small else (64, 112, 49)
    weights, normalised = kernel * 3 * c, c  # conv1
    work = weights * side**2
    for i, (f, n, side) in enumerate(stages(name)):
        out = f * expansion(name)
        if expansion(name) == 4:  # c-f-f-4f, then 4f-f-f-4f
            convolutions, norms = c * f + 13 * f * f + (n - 1) * 17 * f * f, 6 * f * n
        else:
            convolutions, norms = 9 * c * f + (2 * n - 1) * 9 * f * f, 2 * f * n
        if option == "C" or (option == "B" and c != out):
            convolutions, norms = convolutions + c * out, norms + out
        if option == "C":
            convolutions, norms = convolutions + (n - 1) * out**2, norms + (n - 1) * out
        work += convolutions * side**2
        if v1_5 and i > 0:  # the first 1x1 works at twice the side
            work += 3 * c * f * side**2
        weights, normalised, c = weights + convolutions, normalised + norms, out
    classes = 10 if small else 1000
    return (
        weights + 2 * normalised + c * classes + classes,
        2 * normalised,
        work + c * classes,
    )


def vgg_by_hand(name):
    """The same of VGG, with a bias and without normalization; also its convolutions' work."""
    weights = biases = work = 0
    c = 3
    for f, n, side in stages(name):
        convolutions = 9 * c * f + (n - 1) * 9 * f * f
        weights, biases, work = (
            weights + convolutions,
            biases + n * f,
            work + convolutions * side**2,
        )
        c = f
    head = 7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000
    return weights + biases + head + 4096 + 4096 + 1000, 0, work + head, work


def maps_of_table_1(name):
    """The output shape of each row of Table 1, conv1 (VGG has none) to fc."""
    rows = [] if name.startswith("vgg") else [(32, 32, 16)]
    if rows and stages(name)[0][0] == 64:
        rows = [(112, 112, 64)]
    for f, _, side in stages(name):
        side = side // 2 if name.startswith("vgg") else side  # behind the stage's pooling
        rows.append((side, side, f * expansion(name)))
    return [*rows, (10 if rows[0][-1] == 16 else 1000,)]
