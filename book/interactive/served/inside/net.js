/** The net that the page looks into: weights in whole numbers, and what an image becomes on its way. */

/** An array of numbers from base64, little-endian as in all browsers. */
export function unpacked(text, Type) {
  return new Type(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
}

/** The weights that whole numbers stand for: times the scale of their output channel, the last axis. */
export function weights({whole, scale}) {
  return Float32Array.from(whole, (n, i) => n * scale[i % scale.length]);
}

/** A layer of the file with its arrays. */
export function layer({name, shape, stride, ...packed}) {
  return {name, shape, stride, whole: unpacked(packed.whole, Int8Array),
    scale: unpacked(packed.scale, Float32Array), bias: unpacked(packed.bias, Float32Array)};
}

/** What is computed as maps of one image: `side` x `side` pixels, the channels last. */
const maps = (tensor) => (
  {side: tensor.shape[1], channels: tensor.shape[3], values: tensor.dataSync()});

export class Net {
  /**
   * @param {object} tf TensorFlow.js, with a backend
   * @param {object} data as look_inside.py writes it
   */
  constructor(tf, data) {
    this.tf = tf;
    this.mean = unpacked(data.mean, Float32Array);
    this.side = Math.sqrt(this.mean.length / 3);
    this.layers = data.layers.map(layer).map((one) => ({name: one.name, stride: one.stride,
      weights: tf.tensor(weights(one), one.shape), bias: tf.tensor1d(one.bias)}));
  }

  /** The blocks' names, from the input to the output. */
  get blocks() {
    return this.layers.filter(({name}) => name.endsWith('_1')).map(({name}) => name.slice(0, -2));
  }

  convolved(x, {weights: kernel, bias, stride}) {
    const {tf} = this;
    const side = (kernel.shape[0] - 1) / 2;
    // Zeros on every side at stride 2, too, where TensorFlow's "same" has them right and below only.
    const padded = tf.pad(x, [[0, 0], [side, side], [side, side], [0, 0]]);
    return tf.add(tf.conv2d(padded, kernel, stride, 'valid'), bias);
  }

  /** Option A: every `stride`-th pixel, and channels of zeros behind. */
  shortcut(x, stride, channels) {
    const {tf} = this;
    const [, height, width, own] = x.shape;
    const kept = stride === 1 ? x
      : tf.stridedSlice(x, [0, 0, 0, 0], [1, height, width, own], [1, stride, stride, 1]);
    return own === channels ? kept : tf.pad(kept, [[0, 0], [0, 0], [0, 0], [0, channels - own]]);
  }

  /**
   * @param {Uint8Array} pixels red, green, blue of one pixel after the other
   * @returns {object} `stem`, maps; `blocks`, of each `name`, the maps `x` that the shortcut brings, of
   *   which those from channel `zeros` on are none, `f` and the `sum` after the ReLU, and `stride`;
   *   `features`, `logits` and `probabilities`
   */
  look(pixels) {
    const {tf} = this;
    return tf.tidy(() => {
      const [first, ...inner] = this.layers;
      const last = inner.pop();
      const seen = Float32Array.from(pixels, (value, i) => value - this.mean[i]);
      let x = tf.relu(this.convolved(tf.tensor(seen, [1, this.side, this.side, 3]), first));
      const stem = maps(x);
      const blocks = [];
      for (let i = 0; i < inner.length; i += 2) {
        const f = this.convolved(tf.relu(this.convolved(x, inner[i])), inner[i + 1]);
        const carried = this.shortcut(x, inner[i].stride, f.shape[3]);
        const zeros = x.shape[3];
        x = tf.relu(tf.add(carried, f));
        blocks.push({name: inner[i].name.slice(0, -2), stride: inner[i].stride, zeros,
          x: maps(carried), f: maps(f), sum: maps(x)});
      }
      const features = tf.mean(x, [1, 2]);
      const logits = tf.add(tf.matMul(features, last.weights), last.bias);
      const found = {features, logits, probabilities: tf.softmax(logits)};
      const numbers = Object.entries(found).map(([key, tensor]) => [key, tensor.dataSync()]);
      return {stem, blocks, ...Object.fromEntries(numbers)};
    });
  }
}
