/**
 * A plain and a residual net for points in the plane, in TensorFlow.js.
 *
 * A net has `depth` layers with weights, an even number: one from the two
 * coordinates to `width` units, then blocks of two layers each, then one to a
 * single logit. In a residual net the input of a block is added to its output
 * before the last ReLU, as in Figure 2 of the paper. Nothing else differs.
 *
 * The weights of all layers inside the blocks lie in one array, so that a step
 * of the optimiser is a handful of operations however deep the net is.
 */

/** Momentum of the optimiser and epsilon of the normalisation. */
export const MOMENTUM = 0.9;
const EPSILON = 1e-5;

/**
 * Normalises each unit over the batch, with a gradient written out: one
 * operation for the tape instead of eight.
 * @param {object} tf TensorFlow.js
 * @param {object} x (N, units)
 * @param {Statistics=} fixed mean and inverse deviation to use instead of the batch's
 * @returns {{normal: object, mean: object, inverse: object}}
 */
function normalise(tf, x, fixed) {
  if (fixed) return {normal: tf.mul(tf.sub(x, fixed.mean), fixed.inverse), ...fixed};
  let mean;
  let inverse;
  const normal = tf.customGrad((input, save) => {
    mean = tf.keep(tf.mean(input, 0, true)); // for decision regions; `step` frees both
    const centred = tf.sub(input, mean);
    inverse = tf.keep(tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0, true), EPSILON)));
    const value = tf.mul(centred, inverse);
    save([value, inverse]);
    const gradFunc = (dy, [saved, inv]) => {
      const along = tf.mul(saved, tf.mean(tf.mul(dy, saved), 0, true));
      const across = tf.mean(dy, 0, true);
      return tf.mul(tf.sub(tf.sub(dy, across), along), inv);
    };
    return {value, gradFunc};
  })(x);
  return {normal, mean, inverse};
}

/** The layers of an array, its first axis. (The gradient of `unstack` fails for a single one.) */
function parts(tf, array) {
  return array.shape[0] === 1 ? [tf.squeeze(array, [0])] : tf.unstack(array);
}

/** The mean of log(1 + exp(z)) - y z, written so that nothing overflows. */
export function crossEntropy(tf, logits, y) {
  const rest = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
  return tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, y)), rest));
}

/** Normal numbers with standard deviation `deviation`, from a seed. */
function normalNumbers(tf, shape, deviation, seed) {
  return tf.randomNormal(shape, 0, deviation, 'float32', seed);
}

/**
 * @typedef {object} Setting
 * @property {number} depth layers with weights, even, at least 2
 * @property {number} width units of every layer but the last
 * @property {boolean} residual whether blocks have shortcuts
 * @property {boolean} norm batch normalisation, or biases alone
 * @property {number} seed of the weights: the same for both nets
 */

/** One net: its weights, its momentum, and one step of training. */
export class Net {
  /**
   * @param {object} tf TensorFlow.js, with a backend
   * @param {Setting} setting
   */
  constructor(tf, setting) {
    if (setting.depth < 2 || setting.depth % 2 !== 0) {
      throw new Error(`Expected an even depth of at least 2. Received: ${setting.depth}`);
    }
    this.tf = tf;
    this.setting = setting;
    const {width, seed} = setting;
    const inside = setting.depth - 2;
    const he = (inputs) => Math.sqrt(2 / inputs);
    const of = (part) => 3 * seed + part; // from 1 on: TensorFlow.js takes 0 for no seed
    this.weights = {
      first: normalNumbers(tf, [2, width], he(2), of(1)),
      last: normalNumbers(tf, [width, 1], Math.sqrt(1 / width), of(2)),
      lastBias: tf.zeros([1]),
      beta: tf.zeros([inside + 1, 1, width]),
    };
    if (setting.norm) this.weights.gamma = tf.ones([inside + 1, 1, width]);
    if (inside > 0) {
      this.weights.kernels = normalNumbers(tf, [inside, width, width], he(width), of(3));
    }
    this.names = Object.keys(this.weights);
    this.velocity = this.names.map((name) => tf.zerosLike(this.weights[name]));
    this.statistics = [];
  }

  /**
   * The logits.
   * @param {object} x (N, 2)
   * @param {object} weights as `this.weights`
   * @param {boolean} learning with the batch's statistics, which are kept, or with those
   * @returns {object} (N, 1)
   */
  forward(x, weights, learning) {
    const {tf} = this;
    const {norm, residual} = this.setting;
    const gammas = norm ? parts(tf, weights.gamma) : [];
    const betas = parts(tf, weights.beta);
    const kernels = weights.kernels ? parts(tf, weights.kernels) : [];
    const found = [];
    const layer = (input, kernel, i) => {
      const product = tf.matMul(input, kernel); // (N, units)
      if (!norm) return tf.add(product, betas[i]);
      const {normal, mean, inverse} = normalise(tf, product, learning ? null : this.statistics[i]);
      found.push({mean, inverse});
      return tf.add(tf.mul(normal, gammas[i]), betas[i]);
    };
    let out = tf.relu(layer(x, weights.first, 0));
    for (let i = 0; i < kernels.length; i += 2) {
      const inner = tf.relu(layer(out, kernels[i], i + 1));
      const outer = layer(inner, kernels[i + 1], i + 2);
      out = tf.relu(residual ? tf.add(outer, out) : outer);
    }
    if (learning) this.found = found;
    return tf.add(tf.matMul(out, weights.last), weights.lastBias);
  }

  /**
   * One step of gradient descent with momentum on all points at once.
   * @param {object} x (N, 2)
   * @param {object} y (N, 1), 0 or 1
   * @param {number} rate the learning rate
   * @param {boolean} withNorms whether to measure the gradients
   * @returns {{error: number, loss: number, norms: ?Float32Array}} before the step;
   *   `error` is the share of points on the wrong side, `norms` has one number per layer
   */
  step(x, y, rate, withNorms) {
    const {tf} = this;
    return tf.tidy(() => {
      let logits;
      const {value, grads} = this.gradients((weights) => {
        logits = tf.keep(this.forward(x, weights, true));
        return crossEntropy(tf, logits, y);
      });
      const sides = tf.cast(tf.greater(logits, 0), 'float32');
      const wrong = tf.mean(tf.abs(tf.sub(sides, y)));
      const norms = withNorms ? this.gradientNorms(grads) : null;
      this.update(grads, rate);
      tf.dispose([logits, this.statistics]);
      this.statistics = this.found;
      return {loss: value.dataSync()[0], error: wrong.dataSync()[0], norms};
    });
  }

  /**
   * A function's value at the weights and its gradients, in the order of `names`.
   * @param {(weights: object) => object} loss of weights like `this.weights`; puts out a scalar
   */
  gradients(loss) {
    const named = (values) => Object.fromEntries(this.names.map((name, i) => [name, values[i]]));
    const inOrder = this.names.map((name) => this.weights[name]);
    return this.tf.valueAndGrads((...values) => loss(named(values)))(inOrder);
  }

  /** The norm of the gradient in each kernel, from the first layer to the last. */
  gradientNorms(grads) {
    const {tf} = this;
    const of = Object.fromEntries(this.names.map((name, i) => [name, grads[i]]));
    const norm = (array, axes) => tf.sqrt(tf.sum(tf.square(array), axes));
    const parts = [tf.reshape(norm(of.first), [1]), tf.reshape(norm(of.last), [1])];
    if (of.kernels) parts.splice(1, 0, norm(of.kernels, [1, 2]));
    return tf.concat(parts).dataSync();
  }

  /** v = 0.9 v + gradient; weights = weights - rate v. */
  update(grads, rate) {
    const {tf} = this;
    this.names.forEach((name, i) => {
      const velocity = tf.keep(tf.add(tf.mul(this.velocity[i], MOMENTUM), grads[i]));
      const weight = tf.keep(tf.sub(this.weights[name], tf.mul(velocity, rate)));
      tf.dispose([this.velocity[i], this.weights[name]]);
      this.velocity[i] = velocity;
      this.weights[name] = weight;
    });
  }

  /**
   * The net's probability of the second class, with the statistics of the last step.
   * @param {object} x (N, 2)
   * @returns {Float32Array} (N,)
   */
  predict(x) {
    const {tf} = this;
    return tf.tidy(() => tf.sigmoid(this.forward(x, this.weights, false)).dataSync());
  }
}
