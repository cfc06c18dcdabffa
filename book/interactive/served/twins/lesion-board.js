/** The lesion board: blocks of two nets removed at will, and the error of what is left. */
import {html, nothing, render, svg} from '../vendor/lit-html.js';
import {has, size, standing, toggled} from './subsets.js';
import {grouped, listed} from './words.js';

/** The key of the record, and its words. */
const AVERAGES = {wrong: 'of training', renewed: 'estimated anew'};
const GUESSING = 90; // per cent of errors, of ten classes

/**
 * A block on the line through its net. The line of a residual net goes on below its block; that
 * of a plain one goes through it. What is removed leaves an outline.
 */
function drawBlock(kind, removed) {
  const line = kind === 'residual'
    ? svg`<path class="line" d="M 0 38 H 100"></path>
      <path class="branch" d="M 11 38 V 15 H 89 V 38"></path>`
    : svg`<path class="line" d="M 0 22 H 100"></path>`;
  const top = kind === 'residual' ? 4 : 11;
  return svg`<svg class="block ${kind} ${removed ? 'removed' : ''}" viewBox="0 0 100 48"
    preserveAspectRatio="none" aria-hidden="true">${line}
    <rect class="box" x="26" y=${top} width="48" height="22"></rect></svg>`;
}

/** The blocks' names by stage: conv2_1 is the first of conv2_x. */
function stages(blocks) {
  const found = new Map();
  blocks.forEach((name, i) => {
    const [stage] = name.split('_');
    if (!found.has(stage)) found.set(stage, []);
    found.get(stage).push({name, i});
  });
  return [...found];
}

/** All subsets of this size as strokes along the scale of errors, and the one on show. */
function strip({title, kind}, values, error) {
  return html`<div class="strip ${kind}">
    <div class="now"><span>${title}</span> <strong data-error=${kind}>${error.toFixed(1)} %</strong></div>
    <div class="scale" aria-hidden="true">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none">
        <path class="guess" d="M ${GUESSING} 0 V 10"></path>
        <path class="others" d=${[...new Set(values)].map((value) => `M ${value} 2 V 8`).join(' ')}></path>
      </svg>
      <span class="pointer" .style="left: ${error}%"></span></div></div>`;
}

/**
 * @param {HTMLElement} root what it is drawn into
 * @param {object} data as twins_data.py writes it
 */
export function show(root, data) {
  const {blocks, images} = data;
  const n = blocks.length;
  let subset = 0;
  let averages = 'wrong';

  const perCent = (wrong) => 100 * wrong / images;
  const choose = (next) => {
    subset = next;
    draw();
  };
  const removeOne = () => {
    const left = blocks.map((_, i) => i).filter((i) => !has(subset, i));
    if (left.length) choose(toggled(subset, left[Math.floor(left.length * Math.random())]));
  };

  function controls() {
    return html`<div class="controls">
      <div class="field"><label for="lesion-averages">Averages</label>
        <select id="lesion-averages" @change=${(event) => {
    averages = event.target.value;
    draw();
  }}>${Object.entries(AVERAGES).map(([key, words]) => html`
          <option value=${key} .selected=${key === averages}>${words}</option>`)}</select></div>
      <button type="button" aria-disabled=${subset === 0} @click=${() => choose(0)}>Restore all</button>
      <button type="button" aria-disabled=${size(subset) === n} @click=${removeOne}>
        Remove one at random</button>
    </div>`;
  }

  function board() {
    return html`<div class="board">
      <div class="names" aria-hidden="true">${data.nets.map((net) => html`<span>${net.title}</span>`)}</div>
      ${stages(blocks).map(([stage, found]) => html`<div class="stage" role="group" aria-label="${stage}_x">
        <span class="head" aria-hidden="true">${stage}_x</span>
        ${found.map(({name, i}, j) => html`<button type="button" role="switch" aria-label=${name}
          aria-checked=${!has(subset, i)} @click=${() => choose(toggled(subset, i))}>
          ${data.nets.map((net) => drawBlock(net.kind, has(subset, i)))}
          <span aria-hidden="true">${j + 1}</span></button>`)}</div>`)}</div>`;
  }

  /** What happened, for eyes and ears. */
  function said() {
    const gone = blocks.filter((_, i) => has(subset, i));
    const errors = data.nets.map((net, i) => html`${i ? ', ' : ''}<span class="whole">${net.title}
      ${perCent(net[averages][subset]).toFixed(1)} %</span>`);
    const removed = gone.length ? `${gone.length} of ${n} blocks removed: ${listed(gone)}.`
      : 'All blocks are there.';
    return html`${removed} Test error: ${errors}.`;
  }

  function ranks(standings) {
    const count = standings[0].values.length;
    const k = size(subset);
    const shown = (wrong) => html`<td>${perCent(wrong).toFixed(1)} %</td>`;
    return html`<p class="count">${count === 1
      ? `There is one way to remove ${k ? 'all' : 'none'} of the ${n} blocks:`
      : `There are ${count} ways to remove ${k} of the ${n} blocks. Among them:`}</p>
      <table class="table ranks"><caption class="visually-hidden">This choice among all of its size</caption>
      <thead><tr><th scope="col">Net</th><th scope="col">Rank</th><th scope="col">Best</th>
        <th scope="col">Median</th><th scope="col">Worst</th></tr></thead>
      <tbody>${data.nets.map((net, i) => html`<tr data-net=${net.name}><th scope="row">${net.title}</th>
        <td>${standings[i].rank} of ${count}</td>${shown(standings[i].best)}${shown(standings[i].median)}${shown(standings[i].worst)}</tr>`)}</tbody></table>`;
  }

  function draw() {
    const standings = data.nets.map((net) => standing(net[averages], subset));
    render(html`<p class="hint">A column is a block, the first at the left. Press it, and both nets lose it; press again, and it is back.
        Errors are those on ${grouped(images)} test images.</p>
      ${board()}${controls()}
      <p class="said" role="status">${said()}</p>
      <div class="strips">${data.nets.map((net, i) => (
    strip(net, standings[i].values.map(perCent), perCent(net[averages][subset]))))}
        <div class="ticks" aria-hidden="true">${[0, 50, GUESSING].map((tick) => html`<span
          .style="left: ${tick}%">${tick} %${tick === GUESSING ? ', guessing' : nothing}</span>`)}</div></div>
      ${ranks(standings)}`, root);
  }

  draw();
}
