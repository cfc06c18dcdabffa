/** Feature maps as numbers and as colours. Maps are `{side, channels, values}`, the channels last. */
import {colour} from '../twins/colours.js';

/** The size of some numbers: their root mean square. */
export function size(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** The numbers of one channel, row by row. */
export function channel({channels, values}, which) {
  return values.filter((_, i) => i % channels === which);
}

/** How many columns a grid of so many channels has. */
export const columns = (channels, narrow) => (channels > 16 && !narrow ? 8 : 4);

/**
 * Where the scale of colours ends that all maps of a block share: one number in a hundred is beyond,
 * and has the colour of the end.
 */
export function end(all) {
  const sizes = all.flatMap(({values}) => Array.from(values, Math.abs)).sort((a, b) => a - b);
  return sizes[Math.floor(0.99 * (sizes.length - 1))] || 1;
}

/** The colour of a number from `-limit` to `limit`: 0 is grey, what is above lighter and yellow, below darker and blue. */
export const shade = (value, limit) => colour((value / limit + 1) / 2);

/** Draws one map into a square of `pixels` at `left`, `top` of a picture that is `width` wide. */
function square(picture, width, numbers, {left, top, pixels}, limit) {
  const side = Math.sqrt(numbers.length);
  const colours = Array.from(numbers, (value) => shade(value, limit));
  for (let y = 0; y < pixels; y += 1) {
    for (let x = 0; x < pixels; x += 1) {
      const [row, column] = [y, x].map((at) => Math.floor(at * side / pixels));
      picture.set([...colours[row * side + column], 255], 4 * ((top + y) * width + left + x));
    }
  }
}

/**
 * A picture of all channels in rows, from the upper left.
 * @returns {{width: number, height: number, data: Uint8ClampedArray}} red, green, blue, opacity
 */
export function grid(map, across, limit, pixels = 256 / across, gap = pixels / 8) {
  const rows = Math.ceil(map.channels / across);
  const [width, height] = [across, rows].map((n) => n * pixels + (n - 1) * gap);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < map.channels; i += 1) {
    const [left, top] = [i % across, Math.floor(i / across)].map((n) => n * (pixels + gap));
    square(data, width, channel(map, i), {left, top, pixels}, limit);
  }
  return {width, height, data};
}

/** A picture of one channel alone. */
export const single = (map, which, limit) => (
  grid({...map, channels: 1, values: channel(map, which)}, 1, limit, 256, 0));

/** Which channel lies at a place of the grid, given as shares of its width and height. */
export function channelAt(x, y, channels, across) {
  const rows = Math.ceil(channels / across);
  const [column, row] = [[x, across], [y, rows]].map(([share, n]) => (
    Math.min(n - 1, Math.max(0, Math.floor(share * n)))));
  return Math.min(channels - 1, row * across + column);
}
