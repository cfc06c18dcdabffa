/**
 * A residual net of three blocks as its eight paths, after Figure 1 of Veit et al. 2016, and how
 * much of the gradient paths of each length carry in a deep one.
 */
import {html, nothing, render, svg} from '../vendor/lit-html.js';
import {lengthsChart} from './lengths-chart.js';
import {choose, has, size} from './subsets.js';
import {grouped, listed, percent, short} from './words.js';

const BLOCKS = 3;
const STEP = 90; // from one block to the next
const LEFT = 24;
const MOST = 0.9; // the share of the gradient that the last sentence speaks of
const ALL = Array.from({length: 2 ** BLOCKS}, (_, path) => path)
  .sort((a, b) => size(a) - size(b) || a - b);
const through = (path) => Array.from({length: BLOCKS}, (_, i) => i).filter((i) => has(path, i));

/** "through blocks 1 and 3". */
function route(path) {
  const blocks = through(path).map((i) => i + 1);
  if (blocks.length === 0) return 'past every block';
  return `through block${blocks.length > 1 ? 's' : ''} ${listed(blocks)}`;
}

/** One path through the net: a box for a block that it goes through, a line past the others. */
function drawPath(path) {
  return svg`<svg class="path" viewBox="0 0 ${2 * LEFT + BLOCKS * STEP} 30" aria-hidden="true">
    <path class="line" d="M 4 15 H ${2 * LEFT + BLOCKS * STEP - 4}"></path>
    ${through(path).map((i) => drawBox(LEFT + i * STEP + STEP / 2, 15, i))}</svg>`;
}

function drawBox(x, y, i) {
  return svg`<rect class="box" x=${x - 20} y=${y - 12} width="40" height="24" rx="3"></rect>
    <text class="middle" x=${x} y=${y + 4}>F<tspan class="sub" dy="3">${i + 1}</tspan></text>`;
}

/** The net itself, with the path on show in it. */
function drawNet(path) {
  const end = 2 * LEFT + BLOCKS * STEP;
  const blocks = Array.from({length: BLOCKS}, (_, i) => i).map((i) => {
    const x = LEFT + i * STEP;
    const lit = (on) => (on ? 'line lit' : 'line');
    return svg`<path class=${lit(!has(path, i))} d="M ${x + 6} 62 H ${x + STEP - 7}"></path>
      <path class=${lit(has(path, i))} d="M ${x + 6} 62 V 24 H ${x + STEP} V 55"></path>
      <g class=${has(path, i) ? 'lit' : ''}>${drawBox(x + STEP / 2 + 3, 24, i)}</g>`;
  });
  const sums = Array.from({length: BLOCKS}, (_, i) => LEFT + (i + 1) * STEP).map((x) => svg`
    <circle class="sum" cx=${x} cy="62" r="7"></circle>
    <path class="plus" d="M ${x - 4} 62 h 8 M ${x} 58 v 8"></path>`);
  return svg`<svg class="net" role="img" viewBox="0 0 ${end} 76"
    aria-label="The net: ${BLOCKS} residual blocks, one after the other. Marked: a path ${route(path)}.">
    <path class="line lit" d="M 4 62 H ${LEFT + 6}"></path>${blocks}
    <path class="line lit" d="M ${end - LEFT + 7} 62 H ${end - 4}"></path>${sums}</svg>`;
}

/** The shortest paths that carry most of the gradient together. */
function shortest({share, contribution}) {
  let [paths, gradient, length] = [0, 0, -1];
  while (gradient < MOST && length < share.length - 1) {
    length += 1;
    paths += share[length];
    gradient += contribution[length];
  }
  return {length, paths};
}

/**
 * @param {HTMLElement} root what it is drawn into
 * @param {object} data as twins_data.py writes it
 */
export function show(root, data) {
  let path = ALL[1];
  let net = data.nets[0];
  let length = net.contribution.indexOf(Math.max(...net.contribution));

  const choosePath = (next) => {
    if (next === path) return;
    path = next;
    draw();
  };
  const chooseLength = (next) => {
    length = Math.min(net.blocks, Math.max(0, next));
    draw();
  };
  const chooseNet = (name) => {
    net = data.nets.find((other) => other.name === name);
    chooseLength(net.contribution.indexOf(Math.max(...net.contribution)));
  };

  function paths() {
    const k = size(path);
    const number = choose(BLOCKS, k);
    return html`<div class="unrolled">${drawNet(path)}
      <fieldset><legend>Its ${ALL.length} paths</legend>
      ${ALL.map((one) => html`<label class=${one === path ? 'chosen' : nothing}
        @pointerenter=${() => choosePath(one)}>
        <input type="radio" name="unrolled-path" .checked=${one === path} @change=${() => choosePath(one)}
          aria-label="Path ${route(one)}">${drawPath(one)}</label>`)}</fieldset>
      <p class="said" role="status">Length ${k}: this path leads ${route(path)}.
        ${number === 1 ? 'No other path has this length.' : `Of the ${ALL.length} paths, ${number} have this length.`}</p></div>`;
  }

  /** The numbers of a length, in words. */
  function ofLength(k) {
    const number = choose(net.blocks, k);
    return `Length ${k}: ${grouped(number)} of ${grouped(2 ** net.blocks)} paths (${percent(net.share[k])}), `
      + `${percent(net.contribution[k])} of the gradient; along one path its norm is ${short(net.gradient[k])}.`;
  }

  function lengths() {
    const least = shortest(net);
    return html`<div class="lengths"><div class="field"><label for="unrolled-net">Net</label>
        <select id="unrolled-net" @change=${(event) => chooseNet(event.target.value)}>
        ${data.nets.map((one) => html`<option value=${one.name} .selected=${one === net}>
          ${one.title}, ${one.blocks} blocks</option>`)}
        </select></div>
      ${lengthsChart(net, length, chooseLength)}
      <div class="field"><label for="unrolled-length">Length of the path</label>
        <input id="unrolled-length" type="range" min="0" max=${net.blocks} .value=${String(length)}
          aria-valuetext=${ofLength(length)} @input=${(event) => chooseLength(Number(event.target.value))}></div>
      <p class="said" data-length=${length}>${ofLength(length)}</p>
      <p class="most">Paths of at most ${least.length} blocks carry ${percent(MOST)} of the gradient or more.
        They are ${percent(least.paths)} of all paths.</p></div>`;
  }

  function draw() {
    render(html`<div class="pair">${paths()}${lengths()}</div>`, root);
  }

  draw();
}
