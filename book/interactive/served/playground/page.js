/** The playground's page: what a reader sets, and what the worker answers. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render} from '../vendor/lit-html.js';
import {drawRegion} from './plots.js';
import {makePoints} from './points.js';
import {differences, fit, USUAL} from './settings.js';
import {arrange} from './view.js';

const ROUNDS = 100;
const POINTS = 256;
const root = document.getElementById('playground');
/** What an address leaves out: what the page that the playground stands on has set up. */
const DEFAULTS = {...USUAL, ...Object.fromEntries(new URLSearchParams(root.dataset.setting))};
/** The nets side by side, by the choice `nets`. */
const NETS = {all: ['shallow', 'shallow-residual', 'plain', 'residual'], plain: ['shallow', 'plain']};

const state = {...readAddress(DEFAULTS), phase: 'idle', said: '', last: ROUNDS};
const results = {};
let before = null; // the run before this one: its settings and the errors of its nets
let worker = null;
let problem;

const shown = () => NETS[state.nets];
const settings = () => Object.fromEntries(Object.keys(USUAL).map((key) => [key, state[key]]));
const steps = () => Math.max(0, results.plain.errors.length - 1);
const layers = (name) => Number(name.startsWith('shallow') ? state.shallow : state.depth);
const title = (name) => `${name.endsWith('residual') ? 'residual' : 'plain'}, ${layers(name)} layers`;

function shownError(name) {
  const {errors, broken} = results[name];
  if (broken) return 'diverged';
  return errors.length ? `${(100 * errors[errors.length - 1]).toFixed(1)} %` : '–';
}

/** What an address or a reader says wrongly becomes something that the page can do, and is said. */
function repair() {
  const {fitted, said} = fit(settings(), DEFAULTS);
  Object.assign(state, fitted, {said: said.join(' ')});
  writeAddress(state, DEFAULTS);
}

function forget() {
  for (const name of shown()) {
    results[name] = {errors: [], norms: [], firstNorms: [], region: null, broken: false};
  }
  problem = makePoints(state.problem, POINTS, Number(state.seed), Number(state.noise));
  state.last = ROUNDS;
}

/** The run that is given up becomes the one before. `was` are the settings that it had. */
function remember(was) {
  if (!results.plain.errors.length) return;
  const errors = Object.entries(results).map(([name, one]) => [name, one.errors]);
  before = {settings: was, errors: Object.fromEntries(errors)};
}

function set(key, value) {
  const was = settings();
  state[key] = value;
  repair();
  if (worker) worker.terminate();
  worker = null;
  state.phase = 'idle';
  remember(was);
  forget();
  draw();
}

function hear({data}) {
  if (data.type === 'round') {
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
    state.said = `Stopped after ${steps()} steps. Training errors: `;
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

/** Trains until so many steps are taken. */
function trainUntil(until) {
  state.last = Math.max(state.last, ROUNDS * Math.ceil(until / ROUNDS));
  if (state.phase === 'paused') {
    worker.postMessage({type: 'go', until});
  } else {
    forget();
    worker = new Worker(new URL('worker.js', import.meta.url), {type: 'module'});
    worker.onmessage = hear;
    worker.onerror = () => hear({data: {type: 'failed', message: 'the worker could not be started.'}});
    const [width, rate, seed, noise] = ['width', 'rate', 'seed', 'noise'].map((key) => Number(state[key]));
    worker.postMessage({type: 'start',
      setting: {problem: state.problem, width, rate, noise, norm: state.norm === 'on', seed, until,
        nets: shown().map((name) => ({depth: layers(name), residual: name.endsWith('residual')}))}});
  }
  state.phase = 'training';
  state.said = 'Training';
  draw();
}

/** What the buttons do. One that can do nothing now stays where it is, and keeps the focus. */
const actions = {
  train: () => {
    if (state.phase === 'training') return;
    const taken = state.phase === 'paused' ? steps() : 0;
    trainUntil(taken < state.last ? state.last : taken + ROUNDS);
  },
  pause: () => state.phase === 'training' && worker.postMessage({type: 'pause'}),
  step: () => state.phase !== 'training' && trainUntil((state.phase === 'paused' ? steps() : 0) + 1),
  anew: () => set('seed', state.seed),
  set,
  /** Looking at other gradients does not disturb the training. */
  look: (when) => {
    state.gradients = when;
    writeAddress(state, DEFAULTS);
    draw();
  },
};

/** The run before, as far as its nets are shown now. */
function ghost() {
  if (!before) return null;
  const errors = shown().filter((name) => before.errors[name]?.length).map((name) => [name, before.errors[name]]);
  return {errors: Object.fromEntries(errors), words: differences(before.settings, settings())};
}

function draw() {
  const nets = shown().map((name) => ({name, title: title(name), layers: layers(name), shown: shownError(name), ...results[name]}));
  render(html`${arrange({state, nets, steps: steps(), ghost: ghost(), whole: root.dataset.look === 'whole'}, actions)}
    ${nets.some((net) => net.broken)
    ? html`<p class="error">A net diverged: its loss is no longer a number. A smaller learning rate may help.</p>` : nothing}`, root);
  for (const {name, region} of nets) {
    drawRegion(document.getElementById(`playground-region-${name}`), region, problem);
  }
  root.dataset.phase = state.phase;
}

repair();
forget();
root.replaceChildren();
draw();
new MutationObserver(draw).observe(document.documentElement, {attributeFilter: ['data-theme']});
