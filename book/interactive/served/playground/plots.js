/**
 * The playground's pictures. The nets differ in line style and marker as
 * well as in colour; the classes in lightness, hatching and the points' shape.
 */
import {nothing, svg} from '../vendor/lit-html.js';

const WIDTH = 340;
const HEIGHT = 230;
const ROOM = {left: 52, right: 10, top: 12, bottom: 40};
const INNER = {width: WIDTH - ROOM.left - ROOM.right, height: HEIGHT - ROOM.top - ROOM.bottom};

const across = (share) => ROOM.left + share * INNER.width;
const down = (share) => ROOM.top + (1 - share) * INNER.height;

/** Markers as paths around 0, 0. */
const MARKERS = {
  shallow: 'M -4 3.5 L 4 3.5 L 0 -4 Z',
  'shallow-residual': 'M 0 -4.5 L 4.5 0 L 0 4.5 L -4.5 0 Z',
  plain: 'M -3.5 -3.5 H 3.5 V 3.5 H -3.5 Z',
  residual: 'M -4 0 A 4 4 0 1 0 4 0 A 4 4 0 1 0 -4 0 Z',
};

function axes(xTicks, yTicks, xTitle, yTitle) {
  return svg`
    ${yTicks.map(({at, text}) => svg`<path class="grid" d="M ${across(0)} ${down(at)} H ${across(1)}"></path>
      <text class="tick end" x=${across(0) - 6} y=${down(at) + 4}>${text}</text>`)}
    ${xTicks.map(({at, text}) => svg`<text class="tick middle" x=${across(at)} y=${down(0) + 16}>${text}</text>`)}
    <text class="tick middle" x=${across(0.5)} y=${HEIGHT - 6}>${xTitle}</text>
    <text class="tick middle" transform="translate(10 ${down(0.5)}) rotate(-90)">${yTitle}</text>`;
}

/** A line with a marker at some of its points. */
function line(name, places, every) {
  if (places.length === 0) return nothing;
  const d = `M ${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(' L ')}`;
  const marked = places.filter((_, i) => i % every === 0 || i === places.length - 1);
  return svg`<path class="line ${name}" d=${d}></path>
    ${marked.map(([x, y]) => svg`<path class="mark ${name}" d=${MARKERS[name]}
      transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"></path>`)}`;
}

/** A short piece of a net's line, for the legend. */
export function sample(name) {
  return svg`<svg class="sample" viewBox="0 0 40 14" aria-hidden="true">
    <path class="line ${name}" d="M 1 7 H 39"></path>
    <path class="mark ${name}" d=${MARKERS[name]} transform="translate(20 7)"></path></svg>`;
}

const PICTURE = {width: 160, height: 22, floor: 19};

/**
 * A net in small: a stroke for each layer with weights, and an arc for each shortcut.
 * @param {string} name of the net
 * @param {number} layers even, at least 2
 */
export function picture(name, layers) {
  const {width, height, floor} = PICTURE;
  const at = (i) => 4 + (i * (width - 8)) / (layers - 1);
  const strokes = Array.from({length: layers}, (_, i) => `M ${at(i).toFixed(1)} ${floor - 8} V ${floor}`).join(' ');
  const blocks = name.endsWith('residual') ? (layers - 2) / 2 : 0;
  const arcs = Array.from({length: blocks}, (_, i) => (
    `M ${at(2 * i + 0.5).toFixed(1)} ${floor - 9} Q ${at(2 * i + 1.5).toFixed(1)} ${floor - 24} ${at(2 * i + 2.5).toFixed(1)} ${floor - 9}`));
  const said = `${layers} layers in a row, ${blocks ? `${blocks} shortcut${blocks > 1 ? 's' : ''} around two each` : 'no shortcut'}`;
  return svg`<svg class="net" role="img" viewBox="0 0 ${width} ${height}" aria-label=${said}>
    <path class="layers ${name}" d=${strokes}></path><path class="arcs ${name}" d=${arcs.join(' ')}></path></svg>`;
}

/**
 * Training errors by step.
 * @param {Object<string, number[]>} errors a list per net, between 0 and 1
 * @param {number} last the step at the right end
 * @param {Object<string, number[]>=} ghost the same of the run before, drawn faintly
 */
export function curves(errors, last, ghost = {}) {
  const ticks = (n) => [0, 0.25, 0.5, 0.75, 1].map((at) => ({at, text: Math.round(at * n)}));
  const top = 0.6; // chance is 0.5
  const percent = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    .map((share) => ({at: share / top, text: Math.round(100 * share)}));
  const every = Math.max(1, Math.round(last / 10));
  const said = Object.entries(errors).filter(([, list]) => list.length)
    .map(([name, list]) => `${name} ${(100 * list[list.length - 1]).toFixed(1)} %`).join(', ');
  const places = (list) => list.slice(0, last + 1).map((error, i) => (
    [across(i / last), down(Math.min(error / top, 1))]));
  return svg`<svg role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}"
      aria-label="Training error against steps. Now: ${said || 'nothing yet'}.">
    ${axes(ticks(last), percent, 'steps', 'training error (%)')}
    <g class="ghost">${Object.entries(ghost).map(([name, list]) => line(name, places(list), Infinity))}</g>
    ${Object.entries(errors).map(([name, list]) => line(name, places(list), every))}</svg>`;
}

/**
 * Norm of the loss's gradient in each kernel, on a logarithmic scale.
 * @param {Object<string, number[]>} norms a list per net, first layer first
 * @param {string} when they were measured, in words
 */
export function gradients(norms, when) {
  const deepest = Math.max(2, ...Object.values(norms).map((list) => list.length));
  const exponents = Object.values(norms).flat().filter((n) => n > 0 && Number.isFinite(n))
    .map(Math.log10);
  const low = Math.max(-12, Math.floor(Math.min(-3, ...exponents)));
  const high = Math.min(12, Math.ceil(Math.max(1, ...exponents)));
  const step = Math.ceil((high - low) / 6);
  const powers = [];
  for (let power = low; power <= high; power += step) {
    powers.push({at: (power - low) / (high - low), text: `1e${power}`});
  }
  const places = (list) => list.map((norm, i) => {
    const share = (Math.log10(Math.max(norm, 1e-30)) - low) / (high - low);
    return [across(i / (deepest - 1)), down(Math.min(1, Math.max(0, share)))];
  });
  const layers = [0, 0.5, 1].map((at) => ({at, text: Math.round(1 + at * (deepest - 1))}));
  const said = Object.entries(norms).filter(([, list]) => list.length).map(([name, list]) => (
    `${name} ${list[0].toExponential(1)} in the first layer, ${list[list.length - 1].toExponential(1)} in the last`)).join('; ');
  return svg`<svg role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}"
      aria-label="Gradient norm of each layer, ${when}: ${said || 'nothing yet'}.">
    ${axes(layers, powers, 'layer, from input to output', 'gradient norm')}
    ${Object.entries(norms).map(([name, list]) => line(name, places(list), Math.ceil(deepest / 15)))}</svg>`;
}

/**
 * Draws what a net answers in the plane, and the points, onto a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {?Float32Array} region probabilities of the second class, row by row
 * @param {{points: Float32Array, labels: Float32Array}} problem
 */
export function drawRegion(canvas, region, {points, labels}) {
  const context = canvas.getContext('2d');
  const side = canvas.width;
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  context.fillStyle = colour('--ground');
  context.fillRect(0, 0, side, side);
  if (region) drawCells(context, region, side, colour);
  for (let i = 0; i < labels.length; i += 1) {
    const x = side * (points[2 * i] / 2.2 + 0.5);
    const y = side * (0.5 - points[2 * i + 1] / 2.2);
    context.beginPath();
    if (labels[i]) context.rect(x - 3.5, y - 3.5, 7, 7);
    else context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = colour(labels[i] ? '--class-1' : '--class-0');
    context.strokeStyle = colour('--edge');
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }
}

/** The second class's side is tinted and hatched, stronger where the net is surer. */
function drawCells(context, region, side, colour) {
  const cells = Math.sqrt(region.length);
  const size = side / cells;
  context.strokeStyle = colour('--hatch');
  context.lineWidth = 1;
  for (let i = 0; i < region.length; i += 1) {
    const x = (i % cells) * size;
    const y = Math.floor(i / cells) * size;
    const second = region[i] > 0.5;
    context.globalAlpha = 0.1 + 0.5 * Math.abs(2 * region[i] - 1);
    context.fillStyle = colour(second ? '--class-1' : '--class-0');
    context.fillRect(x, y, size, size);
    context.globalAlpha = 1;
    if (second) {
      context.beginPath();
      context.moveTo(x, y + size);
      context.lineTo(x + size, y);
      context.stroke();
    }
  }
}
