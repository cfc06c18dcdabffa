// The playground's nets against the same in a few lines without TensorFlow.js, and their
// gradients against differences. It runs in the browser, with the files that the site serves.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

/** Runs in the page: logits, those by hand, and two numbers for the slope of the loss. */
async function measure(setting) {
  const below = (name) => import(new URL(`../_static/${name}`, window.location.href));
  const tf = await below("vendor/tensorflow.js");
  const { Net, crossEntropy } = await below("playground/nets.js");
  const { makePoints } = await below("playground/points.js");
  tf.setWasmPaths(new URL("../_static/vendor/", window.location.href).href);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.setBackend("wasm");

  const N = 24;
  const { points, labels } = makePoints("rings", N, 1);
  const x = tf.tensor2d(points, [N, 2]);
  const y = tf.tensor2d(labels, [N, 1]);
  const net = new Net(tf, setting);
  for (let i = 0; i < 3; i += 1) net.step(x, y, 0.05, false); // away from gamma = 1
  net.weights.beta = tf.randomNormal(net.weights.beta.shape, 0, 0.1, "float32", 9); // no kink at 0
  const inputs = x.arraySync();

  const multiply = (a, b) => a.map((row) => b[0].map((_, j) => row.reduce((s, v, k) => s + v * b[k][j], 0)));
  const relu = (a) => a.map((row) => row.map((v) => Math.max(v, 0)));
  const plus = (a, b) => a.map((row, i) => row.map((v, j) => v + b[i][j]));
  const layer = (w, input, kernel, i) => {
    const product = multiply(input, kernel);
    return product.map((row) => row.map((v, j) => {
      if (!setting.norm) return v + w.beta[i][0][j];
      const column = product.map((other) => other[j]);
      const mean = column.reduce((a, b) => a + b) / N;
      const variance = column.reduce((s, c) => s + (c - mean) ** 2, 0) / N;
      return (v - mean) / Math.sqrt(variance + 1e-5) * w.gamma[i][0][j] + w.beta[i][0][j];
    }));
  };
  const logitsByHand = (w) => {
    let out = relu(layer(w, inputs, w.first, 0));
    for (let i = 0; i + 2 < setting.depth; i += 2) {
      const inside = layer(w, relu(layer(w, out, w.kernels[i], i + 1)), w.kernels[i + 1], i + 2);
      out = relu(setting.residual ? plus(inside, out) : inside);
    }
    return multiply(out, w.last).map(([logit]) => logit + w.lastBias[0]);
  };
  const lossByHand = (w) => logitsByHand(w)
    .reduce((sum, z, i) => sum + Math.log(1 + Math.exp(z)) - z * labels[i], 0) / N;

  // A direction in the space of all weights; numbers by hand have double precision.
  const { grads } = net.gradients((weights) => crossEntropy(tf, net.forward(x, weights, true), y));
  const along = net.names.map((name, i) => tf.randomNormal(net.weights[name].shape, 0, 1, "float32", i + 1));
  const slope = along.reduce((sum, d, i) => sum + tf.sum(tf.mul(d, grads[i])).dataSync()[0], 0);
  const moved = (a, d, step) => (Array.isArray(a) ? a.map((part, i) => moved(part, d[i], step)) : a + step * d);
  const at = (step) => Object.fromEntries(net.names.map((name, i) => (
    [name, moved(net.weights[name].arraySync(), along[i].arraySync(), step)])));
  const step = 1e-6;
  return {
    logits: [...net.forward(x, net.weights, true).dataSync()],
    byHand: logitsByHand(at(0)),
    slope,
    difference: (lossByHand(at(step)) - lossByHand(at(-step))) / (2 * step),
  };
}

export async function theNetsAreThoseOfAFewLinesByHand(context, address) {
  // A page whose policy lets it compute: the playground leaves that to a worker.
  const { page, complaints } = await open(context, address, "book/look-inside.html");
  const settings = [2, 6].flatMap((depth) =>
    [false, true].flatMap((residual) =>
      [true, false].map((norm) => ({ depth, width: 5, residual, norm, seed: 3 })),
    ),
  );
  for (const setting of settings) {
    const { logits, byHand, slope, difference } = await page.evaluate(measure, setting);
    logits.forEach((logit, i) => {
      const off = Math.abs(logit - byHand[i]);
      assert.ok(off < 1e-3 * (1 + Math.abs(byHand[i])), `${logit} instead of ${byHand[i]}`);
    });
    const off = Math.abs(slope - difference);
    assert.ok(off < 1e-3 * (Math.abs(difference) + 0.01), `${slope}, ${difference}`);
  }
  assert.deepEqual(complaints, []);
}
