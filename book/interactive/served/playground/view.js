/** The parts of the playground's page, from its state; what a reader does calls `actions`. */
import {html, nothing} from '../vendor/lit-html.js';
import {curves, gradients, picture, sample} from './plots.js';
import {CHOICES, TIMES, VALUES} from './settings.js';

function slider(state, key, label, {set}) {
  const id = `playground-${key}`;
  const list = VALUES[key];
  return html`<div class="field"><label for=${id}>${label}</label><span class="slide">
    <input id=${id} type="range" min="0" max=${list.length - 1} .value=${String(list.indexOf(state[key]))}
      aria-valuetext=${state[key]} @input=${(event) => set(key, list[event.target.value])}>
    <output for=${id}>${state[key]}</output></span></div>`;
}

function choice(key, label, words, chosen, choose) {
  const id = `playground-${key}`;
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} @change=${(event) => choose(event.target.value)}>
    ${Object.entries(words).map(([value, text]) => html`
      <option value=${value} .selected=${value === chosen}>${text}</option>`)}</select></div>`;
}

/** `disabled` would throw the focus back to the page's top: so a button says that it waits. */
function button(words, works, press, id = '') {
  return html`<button type="button" id=${id || nothing} aria-disabled=${String(!works)} @click=${press}>${words}</button>`;
}

function buttons({phase}, actions) {
  const idle = phase !== 'training';
  return html`<div class="buttons">
    ${button(phase === 'paused' ? 'Train on' : 'Train', idle, actions.train, 'playground-train')}
    ${button('Pause', !idle, actions.pause)} ${button('One step', idle, actions.step)}
    ${button('Start anew', true, actions.anew)}</div>`;
}

function problems(state, actions) {
  const words = Object.fromEntries(VALUES.problem.map((name) => [name, name.replace('-', ' ')]));
  return choice('problem', 'Problem', words, state.problem, (value) => actions.set('problem', value));
}

function experiment(state, actions) {
  return html`<fieldset><legend>The experiment</legend>
    ${problems(state, actions)}
    ${choice('nets', 'Nets', CHOICES, state.nets, (value) => actions.set('nets', value))}
    ${slider(state, 'depth', 'Depth (layers)', actions)}
    ${slider(state, 'shallow', 'Of the shallow nets', actions)}
    ${slider(state, 'width', 'Width (units)', actions)}
    ${slider(state, 'rate', 'Learning rate', actions)}
    ${slider(state, 'noise', 'Noise', actions)}
    <div class="field"><label for="playground-norm">Normalisation</label>
      <span><input id="playground-norm" type="checkbox" .checked=${state.norm === 'on'}
        @change=${(event) => actions.set('norm', event.target.checked ? 'on' : 'off')}></span></div>
    <div class="field"><label for="playground-seed">Seed</label>
      <input id="playground-seed" inputmode="numeric" autocomplete="off" .value=${state.seed}
        @change=${(event) => actions.set('seed', event.target.value)}></div></fieldset>`;
}

const last = (errors) => (errors?.length ? `${(100 * errors[errors.length - 1]).toFixed(1)} %` : '–');

function errorTable(nets, steps, ghost) {
  return html`<table class="table"><caption>Training error after ${steps} step${steps === 1 ? '' : 's'}</caption>
    <thead><tr><th scope="col">Line</th><th scope="col">Net</th><th scope="col">Error</th>
      ${ghost ? html`<th scope="col">Before</th>` : nothing}</tr></thead>
    <tbody>${nets.map(({name, title, shown}) => html`<tr><td>${sample(name)}</td><th scope="row">${title}</th>
      <td data-error=${name}>${shown}</td>
      ${ghost ? html`<td data-before=${name}>${last(ghost.errors[name])}</td>` : nothing}</tr>`)}</tbody></table>`;
}

function errorFigure(nets, state, ghost) {
  const errors = Object.fromEntries(nets.map(({name, errors: list}) => [name, list]));
  return html`<figure>${curves(errors, state.last, ghost?.errors)}
    ${ghost ? html`<figcaption class="ghosts">Faint: the run before${ghost.words ? `, with ${ghost.words}` : ', with the same settings'}.</figcaption>` : nothing}</figure>`;
}

function gradientFigure(nets, state, actions) {
  const norms = Object.fromEntries(nets.map((net) => [net.name, state.gradients === 'first' ? net.firstNorms : net.norms]));
  return html`<figure>${gradients(norms, TIMES[state.gradients])}
    ${choice('gradients', 'Gradients', TIMES, state.gradients, actions.look)}</figure>`;
}

function region({name, title, layers, shown}) {
  return html`<figure><canvas width="320" height="320" role="img" id="playground-region-${name}"
    aria-label="Decision region of the net: ${title}. Training error ${shown}."></canvas>
    <figcaption>${title} ${picture(name, layers)}</figcaption></figure>`;
}

/**
 * The page: what trains comes first, so that a reader who presses sees what happens. Beside a
 * chapter's text the rest is folded.
 */
export function arrange({state, nets, steps, ghost, whole}, actions) {
  const status = html`<p role="status" class=${state.phase === 'idle' && state.said ? 'corrected' : 'visually-hidden'}>${state.said}</p>`;
  const gradient = gradientFigure(nets, state, actions);
  return html`<div class="pair first"><div>${buttons(state, actions)}${errorTable(nets, steps, ghost)}${status}</div>
      ${errorFigure(nets, state, ghost)}</div>
    <div class="regions">${nets.map(region)}</div>
    ${whole ? html`<div class="pair">${experiment(state, actions)}${gradient}</div>`
    : html`<details><summary>Gradients</summary><div class="pair">${gradient}</div></details>
      <details><summary>Change the experiment</summary><div class="pair">${experiment(state, actions)}</div></details>`}`;
}
