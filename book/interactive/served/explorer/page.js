/** The explorer's page: two choices, kept in the address, and what follows from them. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render} from '../vendor/lit-html.js';
import {byStage, detailed, MOST, totals, usual, variant, WrongChoice} from './counting.js';
import {diagram} from './diagram.js';
import {layersTable, sumsTable} from './tables.js';
import {code, csv, drawing, save} from './take.js';

const KEYS = ['net', 'size', 'classes', 'option', 'stride'];
const NONE = 'none';
const DEFAULTS = {
  ...Object.fromEntries(KEYS.flatMap((key) => [[key, ''], [`${key}2`, '']])),
  net: 'resnet50',
  net2: 'resnet34',
  batch: '1',
};

const root = document.getElementById('explorer');

/** Each side as its reader writes it; an empty string is the network's own. */
let sides = [];
let batch; // images of a training step, as written
let data;
let copied = '';
const open = [new Set(), new Set()];
const chosen = [null, null]; // the layer of each side that is looked at

function readState() {
  const state = readAddress(DEFAULTS);
  const of = (end) => Object.fromEntries(KEYS.map((key) => [key, state[key + end]]));
  sides = [of(''), of('2')];
  batch = state.batch;
}

function keep() {
  const state = sides.flatMap((side, i) => KEYS.map((key) => [key + (i ? '2' : ''), side[key]]));
  writeAddress({...Object.fromEntries(state), batch}, DEFAULTS);
  copied = '';
}

const known = (net) => Object.hasOwn(data.networks, net);

/** "224" is 224x224. */
const parseSize = (text) => {
  const parts = text.trim().split(/\s*[x×]\s*/).map(Number);
  return parts.length === 1 ? [parts[0], parts[0]] : parts;
};

/** The choice that a side stands for; the network's own where nothing is written. */
function choiceOf(side) {
  if (!known(side.net)) return {...side, network: side.net, size: [], classes: 0};
  const own = usual(data, side.net);
  return {
    network: side.net,
    size: side.size ? parseSize(side.size) : own.size,
    classes: side.classes ? Number(side.classes) : own.classes,
    option: side.option || own.option,
    stride: side.stride || own.stride,
    typed: side,
  };
}

/** What is to be shown of a side: its sums, stages and name, or why there are none and where. */
function compute(side) {
  const choice = choiceOf(side);
  try {
    const details = detailed(data, choice);
    const rows = details.map(({row}) => row);
    const found = variant(data, choice);
    return {choice, variant: found, name: found.name, totals: totals(data, choice, rows), stages: byStage(rows), details};
  } catch (error) {
    if (error instanceof WrongChoice) return {choice, error};
    throw error;
  }
}

function set(i, key, value) {
  const own = known(sides[i].net) && usual(data, sides[i].net);
  const isOwn = own && key !== 'net' && String(own[key]) === value;
  sides[i] = key === 'net'
    ? {net: value, size: '', classes: '', option: '', stride: ''}
    : {...sides[i], [key]: isOwn ? '' : value};
  if (key === 'net') chosen[i] = null;
  keep();
  draw();
}

/** A labelled control; what is wrong with it is said below it and belongs to it. */
function field(id, label, control, error) {
  return html`<div class="field"><label for=${id}>${label}</label>${control}</div>
    ${error ? html`<p class="error" role="alert" id="${id}-error">${error}</p>` : nothing}`;
}

function written(id, label, value, mode, change, error) {
  return field(id, label, html`<input id=${id} inputmode=${mode} autocomplete="off" .value=${value}
    aria-invalid=${error ? 'true' : nothing} aria-describedby=${error ? `${id}-error` : nothing}
    @change=${(event) => change(event.target.value.trim())}>`, error);
}

/** The networks' names in two groups; what is no network stands behind them, in none. */
function byAge(names) {
  const of = (later) => names.filter((name) => known(name) && data.networks[name].after2015 === later);
  return [['Until 2015', of(false)], ['After 2015', of(true)], [null, names.filter((name) => !known(name))]];
}

/** A list to choose from. What is chosen and not in it, as an address may have it, is shown as it is. */
function chooser(i, key, label, values, value, error, shown = (one) => one) {
  const id = `explorer-${key}-${i + 1}`;
  const all = error && !values.includes(value) ? [...values, value] : values;
  const option = (one) => html`<option value=${one} .selected=${one === value}>${shown(one)}</option>`;
  const groups = key === 'net' ? byAge(all) : [[null, all]];
  return field(id, label, html`<select id=${id} ?disabled=${all.length < 2}
    aria-invalid=${error ? 'true' : nothing} aria-describedby=${error ? `${id}-error` : nothing}
    @change=${(event) => set(i, key, event.target.value)}>
    ${all.length === 0 ? html`<option>none</option>` : nothing}
    ${groups.map(([title, some]) => (title
      ? html`<optgroup label=${title}>${some.map(option)}</optgroup>` : some.map(option)))}
  </select>`, error);
}

function controls(i, found) {
  const side = sides[i];
  const names = Object.keys(data.networks);
  const record = known(side.net) && data.networks[side.net];
  const choice = record && choiceOf(side);
  const wrong = (key) => (found?.error?.field === key ? found.error.message : '');
  const size = choice && (choice.size[0] === choice.size[1] ? choice.size[0] : choice.size.join('x'));
  const own = (key, label, value, mode) => (
    written(`explorer-${key}-${i + 1}`, label, side[key] || String(value), mode, (text) => set(i, key, text), wrong(key)));
  return html`<fieldset><legend>${i ? 'Second network' : 'First network'}</legend>
    ${chooser(i, 'net', 'Network', i ? [...names, NONE] : names, side.net, wrong('net'))}
    ${record ? html`
      ${own('size', 'Input size', size, 'text')}
      ${own('classes', 'Classes', choice.classes, 'numeric')}
      ${chooser(i, 'option', 'Shortcut option', record.options, choice.option, wrong('option'))}
      ${chooser(i, 'stride', 'Bottleneck stride', record.strides, choice.stride, wrong('stride'), (s) => `on the ${s}`)}`
    : nothing}</fieldset>`;
}

const isBatch = () => Number.isInteger(Number(batch)) && Number(batch) >= 1 && Number(batch) <= MOST.batch;

function tools() {
  const error = isBatch() ? '' : `A batch has from 1 to ${MOST.batch} images. Received: ${batch || 'nothing'}`;
  const change = (text) => {
    batch = text;
    keep();
    draw();
  };
  const copy = async () => {
    await navigator.clipboard.writeText(window.location.href);
    copied = 'Copied.';
    draw();
  };
  return html`<div class="pair"><div>${written('explorer-batch', 'Images in a batch', batch, 'numeric', change, error)}</div>
    <div class="buttons"><button type="button" @click=${copy}>Copy the link to this choice</button>
      <span role="status">${copied}</span></div></div>`;
}

/** Looks at a layer: its stage opens, and its box and its row show it. */
function choose(i, name, found) {
  chosen[i] = name;
  const stage = found.details.find(({row}) => row.name === name)?.row.stage;
  if (stage) open[i].add(stage);
  draw();
  document.getElementById(rowId(i)(name ?? ''))?.querySelector('button').focus();
}

const rowId = (i) => (name) => `explorer-row-${i + 1}-${name}`;
const links = (i, found) => ({row: rowId(i), chosen: chosen[i], choose: (name) => choose(i, name, found)});

/** A net's diagram, the code that builds it, and files to take away. */
function sheet(found, i) {
  const file = `${found.choice.network}-${found.choice.size.join('x')}`;
  const picture = () => drawing(document.querySelector(`#explorer-sheet-${i + 1} svg`));
  return html`<div id="explorer-sheet-${i + 1}">
    <pre class="code" tabindex="0">${code(found.choice, usual(data, found.choice.network))}</pre>
    <div class="buttons">
      <button type="button" @click=${() => save(`${file}.csv`, 'text/csv', csv(found.details.map(({row}) => row)))}>Layers as CSV</button>
      <button type="button" @click=${() => save(`${file}.svg`, 'image/svg+xml', picture())}>Diagram as SVG</button></div>
    ${diagram(data, found.variant, found.stages, found.choice, links(i, found))}</div>`;
}

function draw() {
  const found = sides.map((side, i) => (i && side.net === NONE ? null : compute(side)));
  const good = found.filter((one) => one?.totals);
  const toggle = (i) => (stage) => {
    if (!open[i].delete(stage)) open[i].add(stage);
    draw();
  };
  render(html`
    <div class="pair">${[0, 1].map((i) => controls(i, found[i]))}</div>${tools()}
    ${good.length ? html`<div class="scrolls" role="region" tabindex="0" aria-label="Sums">${sumsTable(good, isBatch() ? Number(batch) : 1)}</div>` : nothing}
    ${good.length ? html`<div class="sheets scrolls" role="region" tabindex="0" aria-label="Diagrams">${found.map((one, i) => (one?.totals ? sheet(one, i) : nothing))}</div>` : nothing}
    ${found.map((one, i) => (one?.totals
      ? layersTable(one, open[i], toggle(i), links(i, one)) : nothing))}`, root);
  root.dataset.ready = 'true';
}

async function start() {
  const answer = await fetch(new URL('networks.json', import.meta.url));
  if (!answer.ok) throw new Error(`The networks could not be loaded (${answer.status}).`);
  data = await answer.json();
  readState();
  root.replaceChildren();
  draw();
}

start();
