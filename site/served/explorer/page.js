/** The explorer's page: two choices, kept in the address, and what follows from them. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render} from '../vendor/lit-html.js';
import {byStage, layers, totals, usual, variant} from './counting.js';
import {diagram} from './diagram.js';
import {layersTable, sumsTable} from './tables.js';

const KEYS = ['net', 'size', 'classes', 'option', 'stride'];
const NONE = 'none';
const DEFAULTS = {
  ...Object.fromEntries(KEYS.flatMap((key) => [[key, ''], [`${key}2`, '']])),
  net: 'resnet50',
  net2: 'resnet34',
};

const root = document.getElementById('explorer');

/** Each side as its reader writes it; an empty string is the network's own. */
let sides = [];
let data;
const open = [new Set(), new Set()];

function readSides() {
  const state = readAddress(DEFAULTS);
  const of = (end) => Object.fromEntries(KEYS.map((key) => [key, state[key + end]]));
  return [of(''), of('2')];
}

function keep() {
  const state = sides.flatMap((side, i) => KEYS.map((key) => [key + (i ? '2' : ''), side[key]]));
  writeAddress(Object.fromEntries(state), DEFAULTS);
}

/** "224" is 224x224. */
const parseSize = (text) => {
  const parts = text.trim().split(/\s*[x×]\s*/).map(Number);
  return parts.length === 1 ? [parts[0], parts[0]] : parts;
};

/** The choice that a side stands for; the network's own where nothing is written. */
function choiceOf(side) {
  if (!data.networks[side.net]) return {...side, network: side.net, size: [], classes: 0};
  const own = usual(data, side.net);
  return {
    network: side.net,
    size: side.size ? parseSize(side.size) : own.size,
    classes: side.classes ? Number(side.classes) : own.classes,
    option: side.option || own.option,
    stride: side.stride || own.stride,
  };
}

/** What is to be shown of a side: its sums, stages and name, or why there are none. */
function compute(side) {
  const choice = choiceOf(side);
  try {
    const rows = layers(data, choice);
    const found = variant(data, choice);
    const sums = totals(data, choice, rows);
    return {choice, variant: found, name: found.name, totals: sums, stages: byStage(rows)};
  } catch (error) {
    if (error instanceof RangeError) return {choice, error: error.message};
    throw error;
  }
}

function set(i, key, value) {
  const own = data.networks[sides[i].net] && usual(data, sides[i].net);
  const isOwn = own && key !== 'net' && String(own[key]) === value;
  sides[i] = key === 'net'
    ? {net: value, size: '', classes: '', option: '', stride: ''}
    : {...sides[i], [key]: isOwn ? '' : value};
  keep();
  draw();
}

function field(i, key, label, control) {
  const id = `explorer-${key}-${i + 1}`;
  return html`<div class="field"><label for=${id}>${label}</label>${control(id)}</div>`;
}

/** The networks' names in two groups; what is no network stands behind them, in none. */
function byAge(names) {
  const of = (later) => names.filter((name) => data.networks[name]?.after2015 === later);
  return [['Until 2015', of(false)], ['After 2015', of(true)], [null, of(undefined)]];
}

function chooser(i, key, label, values, chosen, shown = (value) => value) {
  const option = (value) => html`<option value=${value} .selected=${value === chosen}>${shown(value)}</option>`;
  const groups = key === 'net' ? byAge(values) : [[null, values]];
  return field(i, key, label, (id) => html`<select id=${id} ?disabled=${values.length < 2}
    @change=${(event) => set(i, key, event.target.value)}>
    ${values.length === 0 ? html`<option>none</option>` : nothing}
    ${groups.map(([title, some]) => (title
      ? html`<optgroup label=${title}>${some.map(option)}</optgroup>` : some.map(option)))}
  </select>`);
}

function controls(i) {
  const side = sides[i];
  const names = Object.keys(data.networks);
  const record = data.networks[side.net];
  const choice = record && choiceOf(side);
  const written = (key, label, value, mode) => field(i, key, label, (id) => html`<input id=${id}
    inputmode=${mode} autocomplete="off" .value=${value}
    @change=${(event) => set(i, key, event.target.value.trim())}>`);
  const size = choice && (choice.size[0] === choice.size[1] ? choice.size[0] : choice.size.join('x'));
  return html`<fieldset><legend>${i ? 'Second network' : 'First network'}</legend>
    ${chooser(i, 'net', 'Network', i ? [...names, NONE] : names, side.net)}
    ${record ? html`
      ${written('size', 'Input size', side.size || String(size), 'text')}
      ${written('classes', 'Classes', side.classes || String(choice.classes), 'numeric')}
      ${chooser(i, 'option', 'Shortcut option', record.options, choice.option)}
      ${chooser(i, 'stride', 'Bottleneck stride', record.strides, choice.stride, (s) => `on the ${s}`)}`
    : nothing}</fieldset>`;
}

function draw() {
  const found = sides.map((side) => (side.net === NONE ? null : compute(side)));
  const good = found.filter((one) => one?.totals);
  const toggle = (i) => (stage) => {
    if (!open[i].delete(stage)) open[i].add(stage);
    draw();
  };
  render(html`
    <div class="pair">${[0, 1].map(controls)}</div>
    <div role="alert">${found.map((one) => (one?.error ? html`<p class="error">${one.error}</p>` : nothing))}</div>
    ${good.length ? html`<div class="scrolls" role="region" tabindex="0" aria-label="Sums">${sumsTable(good)}</div>` : nothing}
    <div class="pair">${found.map((one) => (one?.totals
      ? html`<div>${diagram(data, one.variant, one.stages, one.choice)}</div>` : nothing))}</div>
    ${found.map((one, i) => (one?.totals
      ? layersTable(one.name, one.stages, open[i], toggle(i)) : nothing))}`, root);
  root.dataset.ready = 'true';
}

async function start() {
  const answer = await fetch(new URL('networks.json', import.meta.url));
  if (!answer.ok) throw new Error(`The networks could not be loaded (${answer.status}).`);
  data = await answer.json();
  sides = readSides();
  root.replaceChildren();
  draw();
}

start();
