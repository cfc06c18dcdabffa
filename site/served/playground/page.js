/** The playground's page: what a reader sets, and what the worker answers. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render} from '../vendor/lit-html.js';
import {curves, drawRegion, gradients, sample} from './plots.js';
import {PROBLEMS, makePoints} from './points.js';

const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const SHALLOW = 8; // layers of the net to compare with
const ROUNDS = 100;
const POINTS = 256;
/** When the gradients on show were measured; the value, and its words. */
const TIMES = {now: 'at the latest step', first: 'at the first step'};
const DEFAULTS = {problem: 'spirals', depth: '40', width: '16', rate: '0.05', norm: 'on', seed: '0',
  gradients: 'now'};
const NETS = ['shallow', 'plain', 'residual'];

const root = document.getElementById('playground');
const state = {...readAddress(DEFAULTS), phase: 'idle', said: '', last: ROUNDS};
const results = {};
let worker = null;
let problem;

function clamp(key, low, high, step) {
  const n = Math.round(Number(state[key]) / step) * step;
  state[key] = String(Math.min(high, Math.max(low, Number.isFinite(n) ? n : DEFAULTS[key])));
}

/** What an address may say wrongly becomes something that the page can do. */
function repair() {
  if (!PROBLEMS.includes(state.problem)) state.problem = DEFAULTS.problem;
  if (!RATES.includes(Number(state.rate))) state.rate = DEFAULTS.rate;
  if (state.norm !== 'off') state.norm = 'on';
  if (!TIMES[state.gradients]) state.gradients = DEFAULTS.gradients;
  clamp('depth', 2, 60, 2);
  clamp('width', 4, 32, 4);
  clamp('seed', 0, 999, 1);
}

function forget() {
  for (const name of NETS) {
    results[name] = {errors: [], norms: [], firstNorms: [], region: null, broken: false};
  }
  problem = makePoints(state.problem, POINTS, Number(state.seed));
  state.last = ROUNDS;
}

function set(key, value) {
  state[key] = value;
  repair();
  writeAddress(state, DEFAULTS);
  if (worker) worker.terminate();
  worker = null;
  state.phase = 'idle';
  state.said = '';
  forget();
  draw();
}

function hear({data}) {
  if (data.type === 'round') {
    state.last = data.last;
    data.nets.forEach((net, i) => {
      const own = results[NETS[i]];
      own.errors.push(net.error);
      own.broken = Boolean(net.broken);
      if (net.norms) own.norms = [...net.norms];
      if (own.firstNorms.length === 0) own.firstNorms = own.norms;
      if (net.region) own.region = net.region;
    });
  } else if (data.type === 'paused') {
    state.phase = 'paused';
    state.said = `Stopped after ${results.plain.errors.length - 1} steps. Training errors: `;
    state.said += NETS.map((name) => `${titles()[name]}: ${shownError(name)}`).join('; ');
  } else if (data.type === 'failed') {
    state.phase = 'idle';
    state.said = `The training stopped: ${data.message}`;
  }
  requestDraw();
}

let asked = false;
function requestDraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

function train() {
  if (state.phase === 'paused') {
    worker.postMessage({type: 'go', rounds: ROUNDS});
  } else {
    forget();
    worker = new Worker(new URL('worker.js', import.meta.url), {type: 'module'});
    worker.onmessage = hear;
    worker.onerror = () => hear({data: {type: 'failed', message: 'the worker could not be started.'}});
    const [depth, width, rate, seed] = ['depth', 'width', 'rate', 'seed'].map((key) => Number(state[key]));
    worker.postMessage({type: 'start',
      setting: {problem: state.problem, depth, shallow: SHALLOW, width, rate, norm: state.norm === 'on', seed, rounds: ROUNDS}});
  }
  state.phase = 'training';
  state.said = 'Training';
  draw();
}

const titles = () => ({
  shallow: `plain, ${SHALLOW} layers`,
  plain: `plain, ${state.depth} layers`,
  residual: `residual, ${state.depth} layers`,
});

function shownError(name) {
  const {errors, broken} = results[name];
  if (broken) return 'diverged';
  return errors.length ? `${(100 * errors[errors.length - 1]).toFixed(1)} %` : '–';
}

function slider(key, label, list, value = state[key]) {
  const id = `playground-${key}`;
  const index = list.indexOf(Number(value));
  return html`<div class="field"><label for=${id}>${label}</label><span class="slide">
    <input id=${id} type="range" min="0" max=${list.length - 1} .value=${String(index)}
      aria-valuetext=${value} @input=${(event) => set(key, String(list[event.target.value]))}>
    <output for=${id}>${value}</output></span></div>`;
}

const range = (low, high, step) => (
  Array.from({length: (high - low) / step + 1}, (_, i) => low + i * step));

function controls() {
  return html`<fieldset><legend>The experiment</legend>
    <div class="field"><label for="playground-problem">Problem</label>
      <select id="playground-problem" @change=${(event) => set('problem', event.target.value)}>
      ${PROBLEMS.map((name) => html`<option .selected=${name === state.problem}>${name}</option>`)}</select></div>
    ${slider('depth', 'Depth (layers)', range(2, 60, 2))}
    ${slider('width', 'Width (units)', range(4, 32, 4))}
    ${slider('rate', 'Learning rate', RATES)}
    <div class="field"><label for="playground-norm">Normalisation</label>
      <span><input id="playground-norm" type="checkbox" .checked=${state.norm === 'on'}
        @change=${(event) => set('norm', event.target.checked ? 'on' : 'off')}></span></div>
    <div class="field"><label for="playground-seed">Seed</label>
      <input id="playground-seed" inputmode="numeric" autocomplete="off" .value=${state.seed}
        @change=${(event) => set('seed', event.target.value)}></div>
    <div class="buttons">
      <button type="button" id="playground-train" ?disabled=${state.phase === 'training'}
        @click=${train}>${state.phase === 'paused' ? 'Train on' : 'Train'}</button>
      <button type="button" ?disabled=${state.phase !== 'training'}
        @click=${() => worker.postMessage({type: 'pause'})}>Pause</button>
      <button type="button" @click=${() => set('seed', state.seed)}>Start anew</button></div>
  </fieldset>`;
}

/** Looking at other gradients does not disturb the training. */
function timeChooser() {
  const choose = (event) => {
    state.gradients = event.target.value;
    writeAddress(state, DEFAULTS);
    draw();
  };
  return html`<div class="field"><label for="playground-gradients">Gradients</label>
    <select id="playground-gradients" @change=${choose}>${Object.entries(TIMES).map(([value, words]) => html`
      <option value=${value} .selected=${value === state.gradients}>${words}</option>`)}</select></div>`;
}

function errorTable() {
  const steps = Math.max(0, results.plain.errors.length - 1);
  return html`<table class="table"><caption>Training error after ${steps} steps</caption>
    <thead><tr><th scope="col">Line</th><th scope="col">Net</th><th scope="col">Error</th></tr></thead>
    <tbody>${NETS.map((name) => html`<tr><td>${sample(name)}</td><th scope="row">${titles()[name]}</th>
      <td data-error=${name}>${shownError(name)}</td></tr>`)}</tbody></table>`;
}

function draw() {
  const of = (key) => Object.fromEntries(NETS.map((name) => [name, results[name][key]]));
  render(html`
    <div class="pair"><div>${controls()}</div>
      <div>${errorTable()}<p role="status" class=${state.phase === 'idle' ? '' : 'visually-hidden'}>${state.said}</p></div></div>
    <div class="pair"><figure>${curves(of('errors'), state.last)}</figure>
      <figure>${gradients(of(state.gradients === 'first' ? 'firstNorms' : 'norms'), TIMES[state.gradients])}
        ${timeChooser()}</figure></div>
    <div class="regions">${NETS.map((name) => html`<figure><canvas width="320" height="320" role="img"
      id="playground-region-${name}" aria-label="Decision region of the net: ${titles()[name]}. Training error ${shownError(name)}."></canvas>
      <figcaption>${titles()[name]}</figcaption></figure>`)}</div>
    ${results.residual.broken || results.plain.broken
    ? html`<p class="error">A net diverged: its loss is no longer a number. A smaller learning rate may help.</p>` : nothing}`, root);
  for (const name of NETS) {
    drawRegion(document.getElementById(`playground-region-${name}`), results[name].region, problem);
  }
  root.dataset.phase = state.phase;
}

repair();
forget();
root.replaceChildren();
draw();
new MutationObserver(draw).observe(document.documentElement, {attributeFilter: ['data-theme']});
