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
const root = document.getElementById('playground');
/** What an address leaves out: what the page that the playground stands on has set up. */
const DEFAULTS = {problem: 'spirals', depth: '40', width: '16', rate: '0.05', norm: 'on', seed: '0',
  nets: 'all', gradients: 'now', ...Object.fromEntries(new URLSearchParams(root.dataset.setting))};
/** The nets side by side, by the choice `nets`, and the words for each choice. */
const NETS = {all: ['shallow', 'shallow-residual', 'plain', 'residual'], plain: ['shallow', 'plain']};
const CHOICES = {all: 'both kinds', plain: 'plain alone'};

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
  if (!NETS[state.nets]) state.nets = DEFAULTS.nets;
  if (!TIMES[state.gradients]) state.gradients = DEFAULTS.gradients;
  clamp('depth', 2, 60, 2);
  clamp('width', 4, 32, 4);
  clamp('seed', 0, 999, 1);
}

const shown = () => NETS[state.nets];

function forget() {
  for (const name of shown()) {
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
      const own = results[shown()[i]];
      own.errors.push(net.error);
      own.broken = Boolean(net.broken);
      if (net.norms) own.norms = [...net.norms];
      if (own.firstNorms.length === 0) own.firstNorms = own.norms;
      if (net.region) own.region = net.region;
    });
  } else if (data.type === 'paused') {
    state.phase = 'paused';
    state.said = `Stopped after ${results.plain.errors.length - 1} steps. Training errors: `;
    state.said += shown().map((name) => `${title(name)}: ${shownError(name)}`).join('; ');
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
    const [width, rate, seed] = ['width', 'rate', 'seed'].map((key) => Number(state[key]));
    worker.postMessage({type: 'start',
      setting: {problem: state.problem, width, rate, norm: state.norm === 'on', seed, rounds: ROUNDS,
        nets: shown().map((name) => ({depth: layers(name), residual: name.endsWith('residual')}))}});
  }
  state.phase = 'training';
  state.said = 'Training';
  draw();
}

const layers = (name) => (name.startsWith('shallow') ? SHALLOW : Number(state.depth));
const title = (name) => `${name.endsWith('residual') ? 'residual' : 'plain'}, ${layers(name)} layers`;

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

function choice(key, label, words) {
  const id = `playground-${key}`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} @change=${(event) => set(key, event.target.value)}>
    ${Object.entries(words).map(([value, text]) => html`
      <option value=${value} .selected=${value === state[key]}>${text}</option>`)}</select></div>`;
}

function buttons() {
  return html`<div class="buttons">
    <button type="button" id="playground-train" ?disabled=${state.phase === 'training'}
      @click=${train}>${state.phase === 'paused' ? 'Train on' : 'Train'}</button>
    <button type="button" ?disabled=${state.phase !== 'training'}
      @click=${() => worker.postMessage({type: 'pause'})}>Pause</button>
    <button type="button" @click=${() => set('seed', state.seed)}>Start anew</button></div>`;
}

function fields() {
  return html`
    ${choice('problem', 'Problem', Object.fromEntries(PROBLEMS.map((name) => [name, name.replace('-', ' ')])))}
    ${choice('nets', 'Nets', CHOICES)}
    ${slider('depth', 'Depth (layers)', range(2, 60, 2))}
    ${slider('width', 'Width (units)', range(4, 32, 4))}
    ${slider('rate', 'Learning rate', RATES)}
    <div class="field"><label for="playground-norm">Normalisation</label>
      <span><input id="playground-norm" type="checkbox" .checked=${state.norm === 'on'}
        @change=${(event) => set('norm', event.target.checked ? 'on' : 'off')}></span></div>
    <div class="field"><label for="playground-seed">Seed</label>
      <input id="playground-seed" inputmode="numeric" autocomplete="off" .value=${state.seed}
        @change=${(event) => set('seed', event.target.value)}></div>`;
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
    <tbody>${shown().map((name) => html`<tr><td>${sample(name)}</td><th scope="row">${title(name)}</th>
      <td data-error=${name}>${shownError(name)}</td></tr>`)}</tbody></table>`;
}

/** The parts in the page's order: everything open, or beside a chapter's text the essentials. */
function layout({table, error, gradient, region}) {
  if (root.dataset.look === 'whole') {
    return html`<div class="pair"><fieldset><legend>The experiment</legend>${fields()}${buttons()}</fieldset>
      <div>${table}</div></div>
      <div class="pair">${error}${gradient}</div>${region}`;
  }
  return html`<div class="pair"><div>${table}${buttons()}</div>${error}</div>${region}
    <details><summary>Gradients</summary><div class="pair">${gradient}</div></details>
    <details><summary>Change the experiment</summary><div class="pair"><fieldset><legend>The experiment</legend>
      ${fields()}</fieldset></div></details>`;
}

function draw() {
  const of = (key) => Object.fromEntries(shown().map((name) => [name, results[name][key]]));
  render(html`${layout({
    table: html`${errorTable()}<p role="status" class=${state.phase === 'idle' ? '' : 'visually-hidden'}>${state.said}</p>`,
    error: html`<figure>${curves(of('errors'), state.last)}</figure>`,
    gradient: html`<figure>${gradients(of(state.gradients === 'first' ? 'firstNorms' : 'norms'), TIMES[state.gradients])}
      ${timeChooser()}</figure>`,
    region: html`<div class="regions">${shown().map((name) => html`<figure><canvas width="320" height="320" role="img"
      id="playground-region-${name}" aria-label="Decision region of the net: ${title(name)}. Training error ${shownError(name)}."></canvas>
      <figcaption>${title(name)}</figcaption></figure>`)}</div>`,
  })}
    ${shown().some((name) => results[name].broken)
    ? html`<p class="error">A net diverged: its loss is no longer a number. A smaller learning rate may help.</p>` : nothing}`, root);
  for (const name of shown()) {
    drawRegion(document.getElementById(`playground-region-${name}`), results[name].region, problem);
  }
  root.dataset.phase = state.phase;
}

repair();
forget();
root.replaceChildren();
draw();
new MutationObserver(draw).observe(document.documentElement, {attributeFilter: ['data-theme']});
