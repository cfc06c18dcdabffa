/** What the reader chooses, and what the net makes of it: images, the answer, places in the net. */
import {readAddress, writeAddress} from '../shared/address.js';
import {html, nothing, render} from '../vendor/lit-html.js';
import {unpacked} from './net.js';
import {decimals, ratio} from './numbers.js';
import {paint, paintPixels, placeOf, shown} from './panels.js';
import {read} from './picture.js';

const OWN = 'own';

/** The places of the net by stage, for the row of choices: conv2_1 is the first of conv2_x. */
function stages(blocks) {
  const found = new Map();
  for (const block of blocks) {
    const [stage, number] = block.name.split('_');
    if (!found.has(stage)) found.set(stage, []);
    found.get(stage).push({name: block.name, number, much: ratio(block)});
  }
  return [...found];
}

/**
 * @param {HTMLElement} root what it is drawn into
 * @param {object} net a `Net`
 * @param {object} data as look_inside.py writes it
 */
export function show(root, net, data) {
  const pictures = new Map(data.classes.map((name, i) => [name, unpacked(data.images[i], Uint8Array)]));
  const places = ['stem', ...net.blocks, 'classifier'];
  const defaults = {image: data.classes[0], block: net.blocks[0], channel: '1'};
  const state = readAddress(defaults);
  const narrow = window.matchMedia('(max-width: 600px)');
  let problem = '';
  let found;

  function look() {
    if (!pictures.has(state.image)) state.image = defaults.image;
    found = net.look(pictures.get(state.image));
  }

  /** What an address may say wrongly becomes something that there is. */
  function repair() {
    if (!places.includes(state.block)) state.block = defaults.block;
    const {channels} = placeOf(found, state.block).panels[0].map;
    const asked = Math.round(Number(state.channel)) || 1;
    state.channel = String(Math.min(channels, Math.max(1, asked)));
  }

  function set(key, value) {
    state[key] = value;
    problem = '';
    if (key === 'image') look();
    repair();
    // A picture of the reader's own is in no address: nobody else has it.
    writeAddress({...state, image: state.image === OWN ? null : state.image}, defaults);
    draw();
  }

  async function take(file) {
    if (!file) return;
    try {
      pictures.set(OWN, await read(file, net.side));
      set('image', OWN);
    } catch (error) {
      problem = error.message;
      draw();
    }
  }

  function thumbnail(name) {
    const words = name === OWN ? 'your own' : name;
    return html`<label class="thumbnail"><input type="radio" name="look-image" value=${name}
        .checked=${state.image === name} @change=${() => set('image', name)}>
      <canvas data-picture=${name} aria-hidden="true"></canvas><span>${words}</span></label>`;
  }

  function chooser() {
    return html`<fieldset class="images"><legend>Image</legend>
      <div class="thumbnails">${[...pictures.keys()].map(thumbnail)}</div>
      <div class="file"><label for="look-file">A picture of your own</label>
        <input id="look-file" type="file" accept="image/*" @change=${(event) => take(event.target.files[0])}>
        <span class="hint">or drop one here. It stays on your machine.</span></div>
      ${problem ? html`<p class="error" role="alert">${problem}</p>` : nothing}</fieldset>`;
  }

  function answer() {
    const {probabilities, logits} = found;
    const best = probabilities.indexOf(Math.max(...probabilities));
    const percent = (i) => `${(100 * probabilities[i]).toFixed(1)} %`;
    const says = html`<b data-says>${data.classes[best]}</b> (${percent(best)})`;
    return html`<div class="answer"><canvas data-seen role="img" aria-label="The picture, as the net sees it."></canvas>
      <div><p role="status">${state.image === OWN
        ? html`The net knows ten shapes and nothing else. It calls your picture: ${says}.`
        : html`A test image of the class ${state.image}. The net says: ${says}.`}</p>
      <table class="table"><caption class="visually-hidden">What the net says of each class</caption>
      <thead><tr><th scope="col">class</th><th scope="col">logit</th><th scope="col" colspan="2">probability</th></tr></thead>
      <tbody>${data.classes.map((name, i) => html`<tr class=${i === best ? 'best' : ''}><th scope="row">${name}</th>
        <td data-logit=${name}>${decimals(logits[i], 1)}</td>
        <td class="share"><i .style="width: ${100 * probabilities[i]}%"></i></td>
        <td data-probability=${name}>${percent(i)}</td></tr>`)}</tbody></table></div></div>`;
  }

  function stop(name, words, under = nothing, said = name) {
    return html`<label class="stop"><input type="radio" name="look-block" value=${name} aria-label=${said}
      .checked=${state.block === name} @change=${() => set('block', name)}>
      <span aria-hidden="true">${words}</span><small aria-hidden="true">${under}</small></label>`;
  }

  function way() {
    return html`<fieldset class="way"><legend>Place in the net</legend><div class="stops">
      ${stop('stem', 'stem')}
      ${stages(found.blocks).map(([stage, blocks]) => html`<div class="stage" role="group" aria-label="${stage}_x">
        <span class="head" aria-hidden="true">${stage}_x</span>${blocks.map(({name, number, much}) => (
    stop(name, number, html`<span data-ratio=${name}>${much}</span>`, `${name}, F(x) is ${much} times x`)))}</div>`)}
      ${stop('classifier', 'classes')}</div>
      <p class="hint">Below each block: the size of <i>F</i>(<i>x</i>) beside that of what the shortcut brings, for this
        image.</p></fieldset>`;
  }

  function draw() {
    const place = placeOf(found, state.block);
    const own = {narrow: narrow.matches, chosen: Number(state.channel) - 1,
      choose: (i) => set('channel', String(i + 1))};
    render(html`${chooser()}${answer()}${way()}
      <section class="place" aria-label=${place.title}>${shown(place, own)}</section>`, root);
    for (const [name, pixels] of pictures) {
      paintPixels(root.querySelector(`canvas[data-picture=${CSS.escape(name)}]`), pixels, net.side);
    }
    paintPixels(root.querySelector('canvas[data-seen]'), pictures.get(state.image), net.side);
    paint(root, place, own);
  }

  look();
  repair();
  draw();
  narrow.addEventListener('change', draw);
  root.addEventListener('dragover', (event) => {
    event.preventDefault();
    root.classList.add('over');
  });
  root.addEventListener('dragleave', () => root.classList.remove('over'));
  root.addEventListener('drop', (event) => {
    event.preventDefault();
    root.classList.remove('over');
    take(event.dataTransfer.files[0]);
  });
}
