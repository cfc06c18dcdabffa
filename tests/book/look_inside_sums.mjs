// What the pure modules of the page "Look inside" compute, as JSON, for test_look_inside.py.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const below = (name) => import(pathToFileURL(join(process.argv[2], `inside/${name}.js`)));
const { channel, channelAt, columns, end, grid, shade, single, size } = await below("maps");
const { averaged, middle } = await below("picture");
const { weights } = await below("net");
const { range, ratio } = await below("numbers");

// Two channels of 2 x 2: the first is 0 and 1 in turn, the second -1 everywhere.
const map = { side: 2, channels: 2, values: Float32Array.from([0, -1, 1, -1, 1, -1, 0, -1]) };
const picture = grid(map, 2, 1, 4, 2);
const pixel = (x, y) => [...picture.data.slice(4 * (y * picture.width + x)).slice(0, 4)];
const fine = new Uint8ClampedArray(4 * 16).map((_, i) => (i % 4 === 3 ? 255 : Math.floor(i / 4)));
console.log(
  JSON.stringify({
    sizes: [size([3, -4]), size([0, 0])],
    channels: [0, 1].map((which) => [...channel(map, which)]),
    ends: [end([{ values: Array.from({ length: 101 }, (_, i) => -i) }]), end([{ values: [0, 0] }])],
    shades: Array.from({ length: 41 }, (_, i) => shade((i - 20) / 10, 2)),
    beyond: [shade(9, 2), shade(-9, 2)],
    picture: [picture.width, picture.height],
    pixels: { low: pixel(0, 0), high: pixel(3, 0), gap: pixel(4, 0), second: pixel(6, 3) },
    single: [single(map, 1, 1).width, [...single(map, 1, 1).data.slice(0, 4)]],
    columns: [columns(8), columns(16), columns(32), columns(32, true)],
    places: [channelAt(0, 0, 16, 4), channelAt(0.99, 0.99, 16, 4), channelAt(0.3, 0.6, 16, 4), channelAt(1, 1, 3, 4)],
    squares: [middle(640, 480), middle(48, 64)],
    averaged: [...averaged(fine, 2, 2)],
    weights: [...weights({ whole: Int8Array.from([1, -2, 3, 127]), scale: [0.5, 2] })],
    ranges: [range([-2.14, 3.36]), range([0, 0]), range([-0.04, 1])],
    ratio: ratio({ x: { values: [1, 1] }, f: { values: [-3, 3] } }),
  }),
);
