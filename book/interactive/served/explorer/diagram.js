/**
 * A network as in the paper's Figure 3, with blocks that are alike drawn once.
 *
 * Boxes are layers with weights, plain words are pooling; the line to the right of
 * a block is its shortcut, dashed where it changes the shape. Batch normalisation
 * and ReLU are not drawn.
 */
import {nothing, svg} from '../vendor/lit-html.js';
import {block, nameOf} from './counting.js';

const ROW = 34; // from one layer to the next
const BOX = {left: 92, width: 150, height: 24};
const WIDTH = 400;
const MIDDLE = BOX.left + BOX.width / 2;
const RIGHT = BOX.left + BOX.width;

/** The layers of a shortcut, and those inside a gate, by the ends of their names. */
const BESIDE = /^(proj_.*|zero_pad|pool|1x1_.*|identity_bn)$/;
const IN_A_GATE = /^se_.+$/;

/** What stands in a box, as the paper writes it; null for what is not drawn. */
function words(layer, classes) {
  const stride = layer.stride > 1 ? `, /${layer.stride}` : '';
  switch (layer.kind) {
    case 'Conv2D': return `${layer.kernel}x${layer.kernel} conv, ${layer.channels}${stride}`;
    case 'MaxPooling2D': return `${layer.kernel}x${layer.kernel} max pool${stride}`;
    case 'GlobalAveragePooling2D': return 'average pool';
    case 'Multiply': return 'gate';
    case 'Dense': return `fc ${layer.units ?? classes}`;
    default: return null;
  }
}

/**
 * What a block shows.
 * @param {object[]} layers those of the block, from networks.json
 * @param {number} classes
 * @param {(layer: object) => string[]} names of a layer, in every block that is drawn as this one
 * @returns {{boxes: object[], shortcut: ?{label: string, dashed: boolean}}}
 */
function readBlock(layers, classes, names) {
  const beside = (layer) => BESIDE.test(layer.suffix);
  const boxes = layers
    .filter((layer) => !beside(layer) && !IN_A_GATE.test(layer.suffix))
    .filter((layer) => words(layer, classes) !== null)
    .map((layer) => ({
      text: words(layer, classes),
      names: names(layer),
      weighted: ['Conv2D', 'Dense', 'Multiply'].includes(layer.kind),
    }));
  if (!layers.some((layer) => layer.kind === 'Add')) return {boxes, shortcut: null};
  const label = layers.filter(beside).map((layer) => {
    const stride = layer.stride > 1 ? `, /${layer.stride}` : '';
    switch (layer.kind) {
      case 'ZeroPadShortcut': return `zeros${stride}`;
      case 'AveragePooling2D': return `average${stride}`;
      default: return layer.suffix === 'identity_bn' ? 'x' : words(layer, classes);
    }
  }).filter((text) => text !== null).join(' and ');
  return {boxes, shortcut: {label, dashed: label !== ''}};
}

/** The runs of a network with the place of each on the sheet. */
function place(data, variant, classes) {
  let y = 40;
  let before = null;
  const placed = variant.runs.map(([stage, stem, first, count, index]) => {
    const names = (layer) => Array.from({length: count}, (_, i) => nameOf(stem, first + i, layer));
    const {boxes, shortcut} = readBlock(block(data, index), classes, names);
    y += stage === before ? 14 : 20;
    const run = {stage, count, boxes, shortcut, top: y, heads: stage !== before};
    before = stage;
    y += boxes.length * ROW;
    run.bottom = y;
    return run;
  });
  return {placed, height: y + 8};
}

/** A box is a link to its layer's row in the table. */
function drawBox({text, weighted, names}, y, {row, chosen, choose}) {
  const box = svg`<rect class="box" x=${BOX.left} y=${y} width=${BOX.width} height=${BOX.height}
    rx="3"></rect>`;
  const follow = (event) => {
    event.preventDefault();
    choose(names[0]);
  };
  return svg`<a class=${names.includes(chosen) ? 'layer chosen' : 'layer'} href="#${row(names[0])}" aria-label="${text}: ${names[0]}" @click=${follow}>
    ${weighted ? box : nothing}<text class="inside" x=${MIDDLE} y=${y + 16}>${text}</text></a>`;
}

/** A pooled shortcut's words are too long for one line beside the block. */
function inLines(label) {
  return label.startsWith('average') ? label.split(/(?<= and) /) : [label];
}

function drawShortcut({label, dashed}, {top, bottom}) {
  const start = top - 6;
  const end = bottom - 5;
  const bend = RIGHT + 34;
  const path = `M ${MIDDLE} ${start} H ${bend - 8} Q ${bend} ${start} ${bend} ${start + 8}`
    + ` V ${end - 8} Q ${bend} ${end} ${bend - 8} ${end} H ${MIDDLE + 7}`;
  return svg`<path class="shortcut ${dashed ? 'dashed' : ''}" d=${path}></path>
    <circle class="sum" cx=${MIDDLE} cy=${end} r="6"></circle>
    <path class="plus" d="M ${MIDDLE - 3.5} ${end} h 7 M ${MIDDLE} ${end - 3.5} v 7"></path>
    ${inLines(label).map((line, i, {length}) => svg`<text class="beside" x=${bend + 6}
      y=${(start + end) / 2 - (label ? 4 : -4) - 13 * (length - 1 - i)}>${line}</text>`)}`;
}

function drawRun(run, sides, links) {
  const middle = (run.top + run.bottom) / 2;
  const times = run.count > 1
    ? svg`<text class="times" x=${RIGHT + 40} y=${middle + (run.shortcut?.label ? 16 : 4)}>× ${run.count}</text>`
    : nothing;
  const head = svg`<text class="stage" x="0" y=${run.top + 11}>${run.stage}</text>
    <text class="side" x="0" y=${run.top + 26}>${sides[run.stage]}</text>`;
  return svg`${run.heads ? head : nothing}
    ${run.shortcut ? drawShortcut(run.shortcut, run) : nothing}
    ${run.boxes.map((box, i) => drawBox(box, run.top + i * ROW, links))} ${times}`;
}

/**
 * @param {object} data networks.json
 * @param {object} variant of a network
 * @param {object[]} stages as `byStage` has them
 * @param {import('./counting.js').Choice} choice
 * @param {{row: (name: string) => string, chosen: ?string, choose: (name: string) => void}} links the
 *   id of a layer's row, the name of the layer that is looked at, and what following a box does
 */
export function diagram(data, variant, stages, choice, links) {
  const {placed, height} = place(data, variant, choice.classes);
  const sides = Object.fromEntries(stages.map(({name, outputShape: shape}) => (
    [name, shape.length === 3 ? shape.slice(0, 2).join('x') : `${shape[0]} units`])));
  const said = placed.map(({stage, count, boxes, shortcut}) => (
    `${stage}: ${boxes.map((box) => box.text).join(', ')}`
    + `${shortcut ? `, with ${shortcut.label || 'an identity'} as shortcut` : ''}`
    + `${count > 1 ? `, ${count} times` : ''}`)).join('; ');
  return svg`<svg class="network" role="group" viewBox="0 0 ${WIDTH} ${height}"
      aria-label="Diagram of ${variant.name}. ${said}.">
    <path class="path" d="M ${MIDDLE} 32 V ${placed[placed.length - 1].bottom - 12}"></path>
    <text class="name" x=${MIDDLE} y="12">${variant.name}</text>
    <text class="inside" x=${MIDDLE} y="28">image, ${choice.size.join('x')}</text>
    <text class="side" x="0" y="28">output</text>
    ${placed.map((run) => drawRun(run, sides, links))}
  </svg>`;
}
