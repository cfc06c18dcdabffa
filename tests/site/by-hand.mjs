// The net of the page "Look inside" in a few lines without TensorFlow.js, in double precision.

const array = (text, Type) => {
  const bytes = Buffer.from(text, "base64");
  return [...new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))];
};
const relu = ({ values, ...shape }) => ({ ...shape, values: values.map((v) => Math.max(v, 0)) });
export const size = (values) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

/** Maps are {side, channels, values}, row by row, the channels last. */
function convolved({ side, channels, values }, layer) {
  const [kernel, , , out] = layer.shape;
  const [around, own] = [(kernel - 1) / 2, Math.ceil(side / layer.stride)];
  const found = [];
  for (let row = 0; row < own; row += 1) {
    for (let column = 0; column < own; column += 1) {
      const sums = [...layer.bias];
      for (let i = 0; i < kernel; i += 1) {
        for (let j = 0; j < kernel; j += 1) {
          const [y, x] = [row * layer.stride + i - around, column * layer.stride + j - around];
          if (y < 0 || x < 0 || y >= side || x >= side) continue;
          for (let c = 0; c < channels; c += 1) {
            const value = values[(y * side + x) * channels + c];
            const start = ((i * kernel + j) * channels + c) * out;
            for (let o = 0; o < out; o += 1) sums[o] += value * layer.weights[start + o];
          }
        }
      }
      found.push(...sums);
    }
  }
  return { side: own, channels: out, values: found };
}

/** Option A at one place of the maps that F(x) has. */
const carried = (x, f, stride) => ({
  ...f,
  values: f.values.map((_, i) => {
    const [place, channel] = [Math.floor(i / f.channels), i % f.channels];
    const [row, column] = [Math.floor(place / f.side), place % f.side];
    if (channel >= x.channels) return 0;
    return x.values[(stride * row * x.side + stride * column) * x.channels + channel];
  }),
});

/** Stem, blocks and logits of one image; `data` is net.json, `pixels` numbers from 0 to 255. */
export function byHand(data, pixels) {
  const [stem, ...inner] = data.layers.map((layer) => {
    const scale = array(layer.scale, Float32Array);
    const weights = array(layer.whole, Int8Array).map((n, i) => n * scale[i % scale.length]);
    return { ...layer, weights, bias: array(layer.bias, Float32Array) };
  });
  const last = inner.pop();
  const mean = array(data.mean, Float32Array);
  const seen = pixels.map((value, i) => value - mean[i]);
  let x = relu(convolved({ side: Math.sqrt(seen.length / 3), channels: 3, values: seen }, stem));
  const found = { stem: x, blocks: [] };
  for (let i = 0; i < inner.length; i += 2) {
    const f = convolved(relu(convolved(x, inner[i])), inner[i + 1]);
    const own = carried(x, f, inner[i].stride);
    x = relu({ ...f, values: f.values.map((value, k) => value + own.values[k]) });
    found.blocks.push({ name: inner[i].name.slice(0, -2), x: own, f, sum: x });
  }
  const features = Array.from({ length: x.channels }, (_, c) => {
    const own = x.values.filter((_, i) => i % x.channels === c);
    return own.reduce((a, b) => a + b) / own.length;
  });
  const logits = last.bias.map((bias, k) =>
    features.reduce((sum, value, c) => sum + value * last.weights[c * last.bias.length + k], bias),
  );
  return { ...found, features, logits };
}

/** The pixels of a test image of the page. */
export const pixelsOf = (data, name) => array(data.images[data.classes.indexOf(name)], Uint8Array);
