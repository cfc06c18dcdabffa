/** Slices of four nets' losses side by side: one scale of colours, one crosshair in all. */
import {html, nothing, render, svg} from '../vendor/lit-html.js';
import {colour, standsOut} from './colours.js';
import {contour} from './contours.js';
import {short} from './words.js';

const LINES = 12; // of equal loss, about
const LARGEST = 100; // what is above has one colour: a net that says nothing has a loss of 2.3
const css = (rgb) => `rgb(${rgb.join(' ')})`;
const signed = (coordinate) => coordinate.toFixed(2).replace('-', '−');

/** A level in few signs: 10⁵ and not 1 × 10⁵. */
const power = (level) => short(level, 1).replace(/^1 × /, '');

/** The logarithmic scale of all nets together. */
function scaleOf(nets) {
  const all = nets.flatMap((net) => net.losses.flat());
  const largest = Math.max(...all);
  const [low, high] = [Math.min(...all), Math.min(largest, LARGEST)].map(Math.log10);
  const share = (loss) => (high > low ? (Math.log10(loss) - low) / (high - low) : 0);
  const every = [[1, 2, 5], [1, 3], [1]].find((steps) => (high - low) * steps.length < LINES) ?? [1];
  const levels = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    levels.push(...every.map((step) => step * 10 ** power));
  }
  const inside = levels.filter((level) => share(level) > 0.01 && share(level) < 0.99);
  return {share, levels: inside, cut: largest > LARGEST};
}

/** A slice's colours, one pixel for each loss; the second direction leads upwards. */
function paint(canvas, losses, share) {
  const n = losses.length;
  const context = canvas.getContext('2d');
  const image = context.createImageData(n, n);
  losses.forEach((column, i) => column.forEach((loss, j) => {
    image.data.set([...colour(share(loss)), 255], 4 * (i + n * (n - 1 - j)));
  }));
  context.putImageData(image, 0, 0);
}

/** The lines of equal loss, in units of the grid. */
function lines(losses, {share, levels}) {
  const n = losses.length;
  const logs = losses.map((column) => column.map((loss) => Math.log10(Math.min(loss, 1e39))));
  const at = (x, y) => `${(x + 0.5).toFixed(2)} ${(n - y - 0.5).toFixed(2)}`;
  return levels.map((level) => {
    const d = contour(logs, Math.log10(level)).map(([a, b, c, e]) => `M ${at(a, b)} L ${at(c, e)}`);
    return svg`<path class="level" stroke=${standsOut(colour(share(level)))} d=${d.join(' ')}></path>`;
  });
}

/** The scale's colours with the losses of the lines. */
function bar({share, levels, cut}) {
  const place = (level) => `${100 * share(level)}%`;
  const stops = Array.from({length: 21}, (_, i) => css(colour(i / 20)));
  return html`<div class="bar" aria-hidden="true">
    <div class="colours" .style="background: linear-gradient(to right, ${stops.join(', ')})">
      ${levels.map((level) => html`<i
        .style="left: ${place(level)}; background: ${standsOut(colour(share(level)))}"></i>`)}</div>
    <div class="ticks ${levels.length > 5 ? 'many' : ''}">${levels.map((level) => html`
      <span .style="left: ${place(level)}">${power(level)}</span>`)}
      ${cut ? html`<span class="end">≥ ${LARGEST}</span>` : nothing}</div>
    <div>loss, on a logarithmic scale; lines are where it is one of these</div></div>`;
}

/**
 * @param {HTMLElement} root what it is drawn into
 * @param {object} data as twins_data.py writes it
 */
export function show(root, data) {
  const {coordinates, images} = data;
  const nets = data.nets.map((net) => (
    {...net, losses: net.losses.map((column) => column.map((loss) => loss ?? Infinity))}));
  const n = coordinates.length;
  const middle = (n - 1) / 2;
  const scale = scaleOf(nets);
  const drawn = new Map(nets.map((net) => [net.name, lines(net.losses, scale)]));
  const at = {first: middle, second: middle};

  const move = (first, second) => {
    if (first === at.first && second === at.second) return;
    Object.assign(at, {first, second});
    draw();
  };
  const point = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const cell = (share) => Math.min(n - 1, Math.max(0, Math.floor(n * share)));
    move(cell((event.clientX - box.left) / box.width), cell(1 - (event.clientY - box.top) / box.height));
  };
  const lossOf = (net) => short(net.losses[at.first][at.second]);

  function panel(net) {
    const x = at.first + 0.5;
    const y = n - at.second - 0.5;
    const cross = `M ${x} 0 V ${y - 1} M ${x} ${y + 1} V ${n} M 0 ${y} H ${x - 1} M ${x + 1} ${y} H ${n}`;
    return html`<figure><div class="slice" @pointermove=${point} @pointerdown=${point}>
        <canvas width=${n} height=${n} role="img" id="slice-${net.name}"
          aria-label="Slice of the loss of ${net.title}; the numbers of the crosshair follow."></canvas>
        <svg viewBox="0 0 ${n} ${n}" aria-hidden="true">${drawn.get(net.name)}
          <path class="cross under" d=${cross}></path><path class="cross" d=${cross}></path></svg></div>
      <figcaption data-net=${net.name}><strong>${net.title}</strong>
        <span>loss here <b data-loss>${lossOf(net)}</b></span>
        <span>leading eigenvalue <b data-eigenvalue>${short(net.eigenvalue)}</b></span></figcaption></figure>`;
  }

  function slider(key, label) {
    const id = `slice-${key}`;
    return html`<div class="field"><label for=${id}>${label}</label><span class="slide">
      <input id=${id} type="range" min="0" max=${n - 1} .value=${String(at[key])}
        aria-valuetext=${signed(coordinates[at[key]])}
        @input=${(event) => move(...Object.values({...at, [key]: Number(event.target.value)}))}>
      <output for=${id}>${signed(coordinates[at[key]])}</output></span></div>`;
  }

  function draw() {
    const said = nets.map((net) => `${net.title} ${lossOf(net)}`).join(', ');
    const here = `${signed(coordinates[at.first])} and ${signed(coordinates[at.second])}`;
    render(html`<div class="panels">${nets.map(panel)}</div>${bar(scale)}
      <div class="controls"><div>${slider('first', 'To the right')}${slider('second', 'Upwards')}</div>
        <button type="button" @click=${() => move(middle, middle)}>Back to the trained nets</button></div>
      <p class="visually-hidden" role="status">Losses at ${here}: ${said}.</p>
      <p class="note"><strong>A slice proves nothing.</strong> It shows two random directions of as many as a
        net has weights, and the loss of ${images} images. A valley that looks smooth here can be rough in
        all the others. The leading eigenvalue of the Hessian is the largest curvature in any direction,
        but at the trained net alone.</p>`, root);
  }

  draw();
  for (const net of nets) paint(root.querySelector(`#slice-${net.name}`), net.losses, scale.share);
}
