/** The maps of one place in the net, side by side. What they show is painted by `paint`. */
import {html, nothing} from '../vendor/lit-html.js';
import {channel, channelAt, columns, end, grid, shade, single} from './maps.js';
import {decimals, range, ratio, shownSize} from './numbers.js';

/**
 * What there is to see at a place.
 * @param {object} found as `Net.look` has it
 * @returns {{title: string, panels: {key: string, title: string, map: object, zeros: number?}[]}}
 */
export function placeOf(found, name) {
  const last = found.blocks[found.blocks.length - 1];
  if (name === 'stem') {
    return {title: 'The stem', panels: [
      {key: 'stem', title: 'after the stem', map: found.stem}]};
  }
  if (name === 'classifier') {
    return {title: 'Before the classifier', panels: [
      {key: 'sum', title: `after ${last.name}`, map: last.sum},
      {key: 'means', title: 'the mean of each map',
        map: {side: 1, channels: last.sum.channels, values: found.features}}]};
  }
  const block = found.blocks.find((one) => one.name === name);
  return {title: name, block, panels: [
    {key: 'x', title: html`<i>x</i> (shortcut)`, map: block.x, zeros: block.zeros},
    {key: 'f', title: html`<i>F</i>(<i>x</i>)`, map: block.f},
    {key: 'sum', title: html`relu(<i>x</i> + <i>F</i>(<i>x</i>))`, map: block.sum}]};
}

/** What a place says, for eyes and ears. */
export function saidOf({title, block, panels}) {
  if (!block) {
    return title === 'The stem'
      ? `The stem makes ${panels[0].map.channels} maps of the picture, of size ${shownSize(panels[0].map.values)}.`
      : `The classifier gets ${panels[1].map.channels} numbers, the mean of each map.`;
  }
  const [x, f, sum] = panels.map(({map}) => shownSize(map.values));
  const own = block.zeros;
  const added = block.x.channels - own;
  const optionA = added
    ? ` Here the shortcut takes every second row and column of ${own} channels, and appends ${added} channels of zeros (option A).`
    : '';
  return `${title}: what the shortcut brings has size ${x}, F(x) ${f}, ${ratio(block)} times as much, and what goes on ${sum}.${optionA}`;
}

/** A grid of all channels; a press on one chooses it. */
function panel({key, title, map, zeros}, {narrow, chosen, choose}) {
  const across = columns(map.channels, narrow);
  const rows = map.channels / across;
  const [column, row] = [chosen % across, Math.floor(chosen / across)];
  const point = (event) => {
    const seen = event.currentTarget.getBoundingClientRect();
    choose(channelAt((event.clientX - seen.left) / seen.width, (event.clientY - seen.top) / seen.height,
      map.channels, across));
  };
  const place = (n, of) => `${100 * n * 9 / (of * 9 - 1)}%`;
  const frame = `left: ${place(column, across)}; top: ${place(row, rows)}; width: ${place(8 / 9, across)}; height: ${place(8 / 9, rows)}`;
  return html`<figure data-panel=${key}><figcaption>${title}</figcaption>
    <div class="grid" @pointerdown=${point}><canvas data-all=${key} role="img"
      aria-label="All ${map.channels} channels, ${map.side} by ${map.side}, from ${range(map.values)}."></canvas>
      ${zeros < map.channels ? html`<span class="zeros" .style="top: ${place(zeros / across, rows)}"
        aria-hidden="true"><span>zeros</span></span>` : nothing}
      <span class="chosen" .style=${frame}></span></div>
    <p>size <b data-size=${key}>${shownSize(map.values)}</b></p></figure>`;
}

function enlarged({key, title, map, zeros}, chosen) {
  const values = channel(map, chosen);
  const said = chosen >= zeros ? 'zeros' : range(values);
  return html`<figure data-large=${key}><canvas data-one=${key} role="img"
      aria-label="Channel ${chosen + 1}, ${said}."></canvas>
    <figcaption>${title}: <span data-range=${key}>${said}</span></figcaption></figure>`;
}

/** The scale that all maps here share. */
function scale(limit) {
  const stops = Array.from({length: 21}, (_, i) => `rgb(${shade((i / 10 - 1), 1).join(' ')})`);
  return html`<div class="bar"><div class="colours" aria-hidden="true"
      .style="background: linear-gradient(to right, ${stops.join(', ')})"></div>
    <div class="ticks" aria-hidden="true"><span>${decimals(-limit, 1)}</span><span>0</span><span>${decimals(limit, 1)}</span></div>
    <p class="hint">One scale for all maps here. Grey is 0; one number in a hundred lies beyond the ends.</p></div>`;
}

function numbers(panels) {
  const rows = Array.from({length: panels[0].map.channels}, (_, i) => i);
  return html`<details><summary>The same in numbers</summary><div class="scrolls" tabindex="0"><table class="table">
    <caption>Size of each channel (root mean square), and its least and largest number</caption>
    <thead><tr><th scope="col">Channel</th>${panels.map(({title}) => html`<th scope="col">${title}</th>`)}</tr></thead>
    <tbody>${rows.map((i) => html`<tr><th scope="row">${i + 1}</th>${panels.map(({map}) => {
    const values = channel(map, i);
    return html`<td>${shownSize(values)}: ${range(values)}</td>`;
  })}</tr>`)}</tbody></table></div></details>`;
}

/** All of a place. `look`: {narrow, chosen, choose}, the chosen channel counted from 0. */
export function shown(place, look) {
  const {panels} = place;
  const {channels} = panels[0].map;
  const limit = end(panels.map(({map}) => map));
  return html`<p class="said" role="status">${saidOf(place)}</p>
    <div class="panels">${panels.map((one) => panel(one, look))}</div>${scale(limit)}
    <div class="field"><label for="look-channel">Channel</label><span class="slide">
      <input id="look-channel" type="range" min="1" max=${channels} .value=${String(look.chosen + 1)}
        aria-valuetext="${look.chosen + 1} of ${channels}"
        @input=${(event) => look.choose(Number(event.target.value) - 1)}>
      <output for="look-channel">${look.chosen + 1} of ${channels}</output></span></div>
    <div class="panels">${panels.map((one) => enlarged(one, look.chosen))}</div>
    ${numbers(panels)}`;
}

function put(canvas, {width, height, data}) {
  Object.assign(canvas, {width, height});
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
}

/** The colours, into the canvases that `shown` has made. */
export function paint(root, {panels}, {narrow, chosen}) {
  const limit = end(panels.map(({map}) => map));
  for (const {key, map} of panels) {
    const canvas = (name) => root.querySelector(`canvas[data-${name}=${key}]`);
    put(canvas('all'), grid(map, columns(map.channels, narrow), limit));
    put(canvas('one'), single(map, chosen, limit));
  }
}

/** A picture in its own colours, from red, green, blue. */
export function paintPixels(canvas, pixels, side) {
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  pixels.forEach((value, i) => { data[4 * Math.floor(i / 3) + (i % 3)] = value; });
  put(canvas, {width: side, height: side, data});
}
