"""Mistakes in what layers do: the block, the start, blocks that are dropped."""

from edits import deleted, replaced

BLOCK = ["preact-order", "preact-identity", "preact-projection"]
SHORTCUT = BLOCK[1:]
START = ["start-basic", "start-bottleneck"]
DROP = ["drop-training", "drop-inference"]
ACTIVE = "layers.ReLU()(layers.BatchNormalization()(x))"
NEXT = "layers.ReLU()(layers.BatchNormalization()(fx))"
FIRST = "layers.Conv2D(filters, 3, stride, **conv)(active)"
LAST = "layers.Conv2D(filters, 3, **conv)(fx)"
CHANGED = "if stride > 1 or x.shape[-1] != filters:"
PROJECTION = "layers.Conv2D(filters, 1, stride, use_bias=False)(active)"
SUM = "layers.Add()([fx, x])"
OF_ALL = "for layer in last.values():"
ZERO = "layer.gamma.assign(np.zeros(layer.gamma.shape))"
PATTERN = r"(conv\d+_\d+)_\d+_bn"
KEPT = "last[found[1]] = layer"
NAMED = "weight.path for weight, gradient in pairs if not np.any(gradient)"
DRAWN = "keras.ops.where(draw < self.survival, fx, keras.ops.zeros_like(fx))"
DRAW = "keras.random.uniform((), seed=self.seeds)"
QUIET = "return self.survival * fx"
SEEDS = "keras.random.SeedGenerator()"

# What a student did, which tests that costs and, where it may share a submission with no other
# mistake, why.
WRONG = {
    "a ReLU behind the sum": (
        [replaced("preact", SUM, f"layers.ReLU()({SUM})")],
        SHORTCUT,
    ),
    "a batch normalisation behind the sum": (
        [replaced("preact", SUM, f"layers.BatchNormalization()({SUM})")],
        SHORTCUT,
    ),
    "the ReLU before the batch normalisation": (
        [
            replaced("preact", ACTIVE, "layers.BatchNormalization()(layers.ReLU()(x))"),
            replaced("preact", NEXT, "layers.BatchNormalization()(layers.ReLU()(fx))"),
        ],
        ["preact-order"],
    ),
    "no first ReLU": (
        [replaced("preact", ACTIVE, "layers.BatchNormalization()(x)")],
        ["preact-order"],
    ),
    "no second ReLU": (
        [replaced("preact", NEXT, "layers.BatchNormalization()(fx)")],
        ["preact-order"],
    ),
    "no second batch normalisation": (
        [replaced("preact", NEXT, "layers.ReLU()(fx)")],
        ["preact-order"],
    ),
    "the order of 2015": (
        [
            replaced("preact", FIRST, "layers.Conv2D(filters, 3, stride, **conv)(x)"),
            replaced("preact", LAST, f"layers.BatchNormalization()({LAST})"),
            replaced("preact", SUM, f"layers.ReLU()({SUM})"),
        ],
        BLOCK,
    ),
    "one convolution in F": (
        [replaced("preact", LAST, "fx")],
        BLOCK,
    ),
    "the projection reads x": (
        [replaced("preact", PROJECTION, PROJECTION.replace("active", "x"))],
        ["preact-projection"],
    ),
    "the projection normalised": (
        [replaced("preact", PROJECTION, f"layers.BatchNormalization()({PROJECTION})")],
        ["preact-projection"],
    ),
    "the projection with a bias": (
        [replaced("preact", PROJECTION, PROJECTION.replace("False", "True"))],
        ["preact-projection"],
    ),
    "the projection reads the mean of four pixels": (
        [
            replaced(
                "preact",
                PROJECTION,
                "layers.Conv2D(filters, 1, use_bias=False)"
                "(layers.AveragePooling2D(stride)(active))",
            )
        ],
        ["preact-projection"],
    ),
    "always a projection": (
        [replaced("preact", CHANGED, "if True:")],
        ["preact-identity"],
    ),
    "what is carried on is rectified": (
        [replaced("preact", SUM, "layers.Add()([fx, active if x.shape == active.shape else x])")],
        ["preact-identity"],
    ),
    "a projection only where the stride is two": (
        [replaced("preact", CHANGED, "if stride > 1:")],
        ["preact-order", "preact-projection"],
    ),
    "a projection only where there are more channels": (
        [replaced("preact", CHANGED, "if x.shape[-1] != filters:")],
        ["preact-order", "preact-projection"],
    ),
    "the stride in the second convolution": (
        [
            replaced("preact", FIRST, FIRST.replace(" stride,", "")),
            replaced("preact", LAST, LAST.replace("3,", "3, stride,")),
        ],
        ["preact-order"],
    ),
    "convolutions with biases": (
        [replaced("preact", '"same", "use_bias": False', '"same", "use_bias": True')],
        ["preact-order"],
    ),
    "convolutions that are not padded": (
        [replaced("preact", '"padding": "same"', '"padding": "valid"')],
        BLOCK,
    ),
    "multiplied in place of added": (
        [replaced("preact", SUM, "layers.Multiply()([fx, x])")],
        SHORTCUT,
    ),
    "half of the sum": (
        [replaced("preact", SUM, "layers.Average()([fx, x])")],
        SHORTCUT,
    ),
    "no block": ([deleted("preact")], BLOCK),
    "the first gamma of each block": (
        [replaced("start", KEPT, "last.setdefault(found[1], layer)")],
        START,
    ),
    "all gammas of F": (
        [replaced("start", KEPT, "last[layer.name] = layer")],
        START,
    ),
    "the beta, too": (
        [replaced("start", ZERO, f"{ZERO}\n        layer.beta.assign(0 * layer.beta)")],
        ["start-basic"],
    ),
    "always the second gamma": (
        [replaced("start", PATTERN, r"(conv\d+_\d+)_2_bn")],
        ["start-bottleneck"],
    ),
    "the projection's gamma, too": (
        [
            replaced("start", PATTERN, r"(conv\d+_\d+)_(\d+|proj)_bn"),
            replaced("start", KEPT, 'last[found[1], found[2] == "proj"] = layer'),
        ],
        START,
    ),
    "the stem's gamma, too": (
        [replaced("start", "last = {}", 'last = {"stem": model.get_layer("conv1_bn")}')],
        START,
    ),
    "blocks without a projection alone": (
        [replaced("start", OF_ALL, 'for layer in [v for k, v in last.items() if k[-1] > "1"]:')],
        START,
    ),
    "a small gamma": (
        [replaced("start", ZERO, ZERO.replace("np.zeros(", "1e-3 * np.ones("))],
        START,
    ),
    "the last kernel": (
        [
            replaced("start", OF_ALL, f'{OF_ALL}\n        name = layer.name.replace("bn", "conv")'),
            replaced("start", ZERO, "k = model.get_layer(name).kernel\n        k.assign(0 * k)"),
        ],
        START,
    ),
    "gammas that learn no longer": (
        [replaced("start", ZERO, f"{ZERO}\n        layer.trainable = False")],
        START,
    ),
    "nothing returned": ([replaced("start", "return model", "return None")], START),
    "what is awake": (
        [replaced("asleep", NAMED, NAMED.replace("not ", ""))],
        ["asleep-weights"],
    ),
    "kernels alone": (
        [replaced("asleep", NAMED, f'{NAMED} and weight.name == "kernel"')],
        ["asleep-weights"],
    ),
    "the names of the layers": (
        [replaced("asleep", "weight.path for", 'weight.path.split("/")[0] for')],
        ["asleep-weights"],
    ),
    "moving averages, too": (
        [
            replaced("asleep", "model.trainable_weights", "model.weights"),
            replaced("asleep", "not np.any(gradient)", "gradient is None or not np.any(gradient)"),
        ],
        ["asleep-weights"],
    ),
    "weights that are zero themselves": (
        [replaced("asleep", "not np.any(gradient)", "not np.any(weight)")],
        ["asleep-weights"],
    ),
    "the whole F, by its name": (
        [
            replaced(
                "asleep",
                NAMED,
                "weight.path for weight, _ in pairs if weight.path[:7] in "
                "{w.path[:7] for w, g in zip(weights, gradients) if not np.any(g)}",
            )
        ],
        ["asleep-weights"],
    ),
    "divided in training": (
        [
            replaced("drop", QUIET, "return fx"),
            replaced(
                "drop", "draw < self.survival, fx,", "draw < self.survival, fx / self.survival,"
            ),
        ],
        DROP,
    ),
    "as it is when not in training": (
        [replaced("drop", QUIET, "return fx")],
        ["drop-inference"],
    ),
    "times the probability in training, too": (
        [replaced("drop", DRAWN, f"self.survival * {DRAWN}")],
        ["drop-training"],
    ),
    "the probability to be dropped": (
        [replaced("drop", "draw < self.survival", "draw >= self.survival")],
        ["drop-training"],
    ),
    "one draw for each image": (
        [replaced("drop", DRAW, DRAW.replace("()", "(fx.shape[0], 1, 1, 1)"))],
        ["drop-training"],
    ),
    "one draw for each number": (
        [replaced("drop", DRAW, DRAW.replace("()", "fx.shape"))],
        ["drop-training"],
    ),
    "Python draws": (
        [replaced("drop", DRAW, "np.random.random()")],
        ["drop-training"],
    ),
    "drawn when the layer is made": (
        [
            replaced("drop", SEEDS, "np.random.random()"),
            replaced("drop", DRAW, "self.seeds"),
        ],
        ["drop-training"],
    ),
    "all layers drop together": (
        [replaced("drop", SEEDS, SEEDS.replace("()", "(1)"))],
        ["drop-training"],
    ),
    "kept in each step": (
        [replaced("drop", DRAWN, "fx")],
        ["drop-training"],
    ),
    "dropped when not in training, too": (
        [replaced("drop", "if not training:", "if False:")],
        ["drop-inference"],
    ),
    "times the other probability": (
        [replaced("drop", QUIET, "return (1 - self.survival) * fx")],
        ["drop-inference"],
    ),
}
