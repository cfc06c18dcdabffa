// The net of the page "Look inside", run under Node with the TensorFlow.js that the site serves, for
// test_look_inside.py: look_inside_net.mjs SERVED FOLDER. FOLDER has net.json and pixels.bin, images
// one after the other; into it goes all that the net makes of them, and a line of JSON to the output.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [served, folder] = process.argv.slice(2);
const below = (name) => import(pathToFileURL(join(served, `${name}.js`)));
// The bundle is made for browsers; where it finds Node it asks for these two.
globalThis.require = createRequire(import.meta.url);
globalThis.__dirname = join(served, "vendor");

const tf = await below("vendor/tensorflow");
const { Net } = await below("inside/net");
tf.setWasmPaths(join(served, "vendor/"));
tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
await tf.setBackend("wasm");
await tf.ready();

const net = new Net(tf, JSON.parse(readFileSync(join(folder, "net.json"), "utf-8")));
const bytes = readFileSync(join(folder, "pixels.bin"));
const each = net.side ** 2 * 3;
const values = [];
const shapes = [];
const kept = tf.memory().numTensors;
for (let start = 0; start < bytes.length; start += each) {
  const found = net.look(new Uint8Array(bytes.subarray(start, start + each)));
  const all = [found.stem, ...found.blocks.flatMap(({ x, f, sum }) => [x, f, sum])];
  if (start === 0) shapes.push(...all.map(({ side, channels }) => [side, side, channels]));
  for (const own of [...all.map((map) => map.values), found.logits, found.probabilities]) {
    for (const value of own) values.push(value);
  }
}
writeFileSync(join(folder, "maps.bin"), Float32Array.from(values));
const { blocks } = net.look(new Uint8Array(bytes.subarray(0, each)));
console.log(
  JSON.stringify({
    ...{ shapes, blocks: net.blocks, backend: tf.getBackend() },
    ...{ zeros: blocks.map(({ zeros }) => zeros), left: tf.memory().numTensors - kept },
  }),
);
