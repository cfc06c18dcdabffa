/** Every run of the sweep by depth, epoch by epoch: boxes choose which, and the address keeps it. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render, svg} from '../vendor/lit-html.js';
import {runsChart} from './runs-chart.js';

const WORDS = {training: 'training error', validation: 'validation error'};
const KINDS = {residual: 'residual', plain: 'plain'};
const kept = (values) => values.join('-');

/** What is asked for of what there is; all of it where nothing of that is. */
function chosen(text, all) {
  const asked = text.split('-');
  const found = all.filter((value) => asked.includes(String(value)));
  return found.length ? found : all;
}

/**
 * @param {HTMLElement} root what it is drawn into
 * @param {object} data as twins_data.py writes it
 */
export function show(root, data) {
  const depths = [...new Set(data.nets.map((net) => net.depth))].sort((a, b) => a - b);
  const seeds = [...new Set(data.nets.flatMap((net) => net.runs.map((run) => run.seed)))].sort();
  const last = data.nets[0].runs[0].training.length;
  const defaults = {
    kinds: kept(Object.keys(KINDS)), layers: kept([20, 56]), seeds: kept(seeds), error: 'training', epoch: String(last),
  };
  const asked = readAddress(defaults);
  const epoch = Number(asked.epoch);
  const state = {
    kinds: chosen(asked.kinds, Object.keys(KINDS)),
    layers: chosen(asked.layers, depths),
    seeds: chosen(asked.seeds, seeds),
    error: asked.error in WORDS ? asked.error : 'training',
    epoch: Number.isInteger(epoch) && epoch >= 1 && epoch <= last ? epoch : last,
  };

  function set(change) {
    Object.assign(state, change);
    writeAddress({...state, kinds: kept(state.kinds), layers: kept(state.layers), seeds: kept(state.seeds)}, defaults);
    draw();
  }

  /** Boxes of one kind, of which the last one stays ticked. */
  function boxes(key, legend, all, words) {
    const toggle = (value) => (event) => {
      const now = all.filter((one) => (one === value ? event.target.checked : state[key].includes(one)));
      if (now.length) set({[key]: now});
      else event.target.checked = true;
    };
    return html`<fieldset><legend>${legend}</legend>${all.map((value) => html`<label>
      <input type="checkbox" name=${key} value=${value} .checked=${state[key].includes(value)}
        @change=${toggle(value)}>${words(value)}</label>`)}</fieldset>`;
  }

  function controls() {
    return html`<div class="choices">
      ${boxes('kinds', 'Nets', Object.keys(KINDS), (kind) => KINDS[kind])}
      ${boxes('layers', 'Layers', depths, String)}
      ${boxes('seeds', 'Seeds', seeds, String)}
      <fieldset><legend>Error</legend>${Object.entries(WORDS).map(([key, words]) => html`<label>
        <input type="radio" name="error" value=${key} .checked=${state.error === key}
          @change=${() => set({error: key})}>${words}</label>`)}</fieldset></div>
      <div class="field"><label for="runs-epoch">Epoch</label><span class="slide">
        <input id="runs-epoch" type="range" min="1" max=${last} .value=${String(state.epoch)}
          @input=${(event) => set({epoch: Number(event.target.value)})}>
        <output for="runs-epoch">${state.epoch}</output></span></div>`;
  }

  function table(nets) {
    const cell = (run) => (run ? html`<td>${run[state.error][state.epoch - 1].toFixed(1)}</td>` : html`<td></td>`);
    return html`<div class="scrolls"><table class="table"><caption>${WORDS[state.error]} in % after epoch
        ${state.epoch} of ${last}</caption>
      <thead><tr><th scope="col">Net</th>${state.seeds.map((seed) => html`<th scope="col">seed ${seed}</th>`)}</tr></thead>
      <tbody>${nets.map((net) => html`<tr data-net=${net.name}><th scope="row">${svg`<svg class="sample"
        viewBox="0 0 40 14" aria-hidden="true"><path class="run ${net.kind}" .style="--deep: ${net.deep}" d="M 1 7 H 39"></path></svg>`}
        ${net.title}</th>${state.seeds.map((seed) => cell(net.runs.find((run) => run.seed === seed)))}</tr>`)}</tbody></table></div>`;
  }

  function draw() {
    const nets = data.nets
      .filter((net) => state.kinds.includes(net.kind) && state.layers.includes(net.depth))
      .map((net) => ({...net, deep: depths.indexOf(net.depth) / Math.max(1, depths.length - 1)}));
    const shown = nets.map((net) => ({...net, runs: net.runs.filter((run) => state.seeds.includes(run.seed))}));
    const count = shown.reduce((sum, net) => sum + net.runs.length, 0);
    render(html`${controls()}
      <p class="hint" role="status">${count} of ${data.nets.reduce((sum, net) => sum + net.runs.length, 0)} runs:
        residual nets solid, plain ones dashed; the deeper, the darker and the wider.</p>
      ${count ? runsChart(shown, state.error, state.epoch, last, WORDS[state.error]) : nothing}
      ${table(shown)}`, root);
  }

  draw();
}
