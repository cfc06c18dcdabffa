/**
 * What follows from a network's layers: shapes, parameters, work, memory.
 *
 * The layers come from the book's Python (`book/_ext/explorer_data.py`), which
 * knows the networks. Here are only the sums that depend on what a reader
 * chooses: the size of the image and the number of classes. A test holds every
 * result against the Python, number by number.
 */

/**
 * @typedef {object} Choice
 * @property {string} network a name of the book's `specs`
 * @property {number[]} size height and width of the image
 * @property {number} classes
 * @property {?string} option of the shortcuts: A, B or C; null for a plain net
 * @property {?string} stride of the bottlenecks: 1x1 or 3x3; null without bottlenecks
 * @property {Object<string, string>=} typed what its reader wrote, for messages
 *
 * @typedef {object} Row one layer, with the names of the Python's `counting.Layer`
 * @property {string} stage
 * @property {string} name
 * @property {string} kind
 * @property {number[]} outputShape (height, width, channels) or (units)
 * @property {number} parameters
 * @property {number} movingStatistics
 * @property {number} multiplyAdds
 * @property {number} activations
 * @property {?number} receptiveField
 * @property {?number} kernelSize
 * @property {?number} stride
 */

/** What a layer is unless its record says otherwise. */
const USUAL = {
  kernel: 1, stride: 1, padding: 0, weights: 0, others: 0, moving: 0, keeps: false, reads: 0,
};

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
const isCount = (n) => Number.isInteger(n) && n > 0;

/** Sides of an image and classes up to which every sum is exact, as a test shows. */
export const MOST = {side: 8192, classes: 1_000_000, batch: 2048};

/** Why a choice is no network, and at which of its fields that is to be said. */
export class WrongChoice extends RangeError {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * The record's own choice: the paper's input, classes and shortcut option.
 * @param {object} data networks.json
 * @param {string} network
 * @returns {Choice}
 */
export function usual(data, network) {
  const record = data.networks[network];
  const [height, width] = record.inputShape;
  const {classes, option, stride} = record;
  return {network, size: [height, width], classes, option, stride};
}

/**
 * Says why a choice is no network.
 * @param {object} data networks.json
 * @param {Choice} choice
 * @throws {WrongChoice}
 */
export function check(data, {network, size, classes, option, stride, typed = {}}) {
  const received = (key, value) => `Received: ${typed[key] || value}`;
  if (!Object.hasOwn(data.networks, network)) {
    const names = Object.keys(data.networks);
    const alike = names.filter((name) => name.slice(0, 3) === network.slice(0, 3));
    throw new WrongChoice('net', `The network must be one of ${(alike.length ? alike : names).join(', ')}. Received: ${network}`);
  }
  if (size.length !== 2 || !size.every(isCount)) {
    throw new WrongChoice('size', 'The input size must be one or two positive whole numbers, '
      + `such as 224 or 224x160. ${received('size', size.join('x'))}`);
  }
  if (!isCount(classes) || classes > MOST.classes) {
    throw new WrongChoice('classes', 'The number of classes must be a positive whole number, '
      + `at most ${MOST.classes.toLocaleString('en-GB')}. ${received('classes', classes)}`);
  }
  const {options, strides, variants} = data.networks[network];
  const wrong = [['option', 'Shortcut option', options, option], ['stride', 'Bottleneck stride', strides, stride]]
    .find(([, , values, value]) => (values.length ? !values.includes(value) : value !== null && value !== undefined));
  if (wrong) {
    const [field, title, values, value] = wrong;
    throw new WrongChoice(field, `${network} has no such layers. ${title} of it: ${values.join(', ') || 'none'}. `
      + received(field, value));
  }
  if (!Object.hasOwn(variants, variantKey(option, stride))) throw new WrongChoice('net', `${network} has no such layers.`);
  const least = data.networks[network].totalStride;
  if (Math.min(...size) < least) {
    throw new WrongChoice('size', `${network} halves its feature maps until one pixel stands for ${least}: `
      + `height and width must be at least ${least}. ${received('size', size.join('x'))}`);
  }
  if (Math.max(...size) > MOST.side) {
    throw new WrongChoice('size', `Height and width must be at most ${MOST.side}: beyond that the sums have more digits `
      + `than a browser keeps. ${received('size', size.join('x'))}`);
  }
}

const variantKey = (option, stride) => `${option ?? '-'} ${stride ?? '-'}`;

/** The variant of a network that a choice means: its name and its runs of blocks. */
export function variant(data, {network, option, stride}) {
  return data.networks[network].variants[variantKey(option, stride)];
}

/** The layers of a block, whole. */
export function block(data, index) {
  return data.blocks[index].map((place) => ({...USUAL, ...data.layers[place]}));
}

/**
 * A row per layer, in the order of the forward pass, main path before shortcut.
 * @param {object} data networks.json
 * @param {Choice} choice
 * @returns {Row[]}
 * @throws {WrongChoice} as `check` does
 */
export const layers = (data, choice) => detailed(data, choice).map(({row: one}) => one);

/**
 * As `layers`, each row with the shape of what its layer reads and the layer's weights.
 * @returns {{row: Row, inputShape: number[], weights: number}[]}
 */
export function detailed(data, choice) {
  check(data, choice);
  const channels = data.networks[choice.network].inputShape[2];
  let maps = {shape: [...choice.size, channels], field: 1, step: 1};
  const rows = [];
  for (const [stage, stem, first, count, index] of variant(data, choice).runs) {
    for (let number = first; number < first + count; number += 1) {
      const found = []; // the maps behind each layer of this block
      for (const [place, layer] of block(data, index).entries()) {
        const input = found[place - 1 + layer.reads] ?? maps;
        const out = behind(layer, input, choice.classes);
        found.push(out);
        rows.push({row: row(stage, nameOf(stem, number, layer), layer, input, out), inputShape: input.shape, weights: layer.weights});
      }
      maps = found[found.length - 1];
    }
  }
  return rows;
}

/** A layer's name in the Keras model. */
export const nameOf = (stem, number, {suffix}) => (stem === null ? suffix : `${stem}${number}_${suffix}`);

/**
 * Feature maps behind a layer: their shape, their receptive field, and how many
 * pixels of the image lie between neighbours.
 */
function behind(layer, {shape, field, step}, classes) {
  switch (layer.kind) {
    case 'Dense': { // a gate's has three axes
      const units = layer.units ?? classes;
      return {shape: [...shape.slice(0, -1), units], field: null, step: null};
    }
    case 'Flatten':
      return {shape: [product(shape)], field: null, step: null};
    case 'GlobalAveragePooling2D':
      return {shape: layer.of_gate ? [1, 1, shape[2]] : [shape[2]], field: null, step: null};
    case 'Dropout':
      return {shape, field: null, step: null};
    default: {
      const side = (n) => Math.floor((n + 2 * layer.padding - layer.kernel) / layer.stride) + 1;
      return {
        shape: [side(shape[0]), side(shape[1]), layer.channels],
        field: field + (layer.kernel - 1) * step,
        step: step * layer.stride,
      };
    }
  }
}

function row(stage, name, layer, input, out) {
  const {kind} = layer;
  const dense = kind === 'Dense';
  const units = out.shape.at(-1);
  const weights = dense ? input.shape.at(-1) * units : layer.weights;
  const moving = ['Conv2D', 'MaxPooling2D', 'AveragePooling2D'].includes(kind);
  return {
    stage,
    name,
    kind,
    outputShape: out.shape,
    parameters: weights + (dense ? units : layer.others),
    movingStatistics: layer.moving ?? 0,
    multiplyAdds: dense ? weights : weights * out.shape[0] * (out.shape[1] ?? 1),
    activations: layer.keeps ? product(out.shape) : 0,
    receptiveField: out.field,
    kernelSize: moving ? layer.kernel : null,
    stride: moving ? layer.stride : null,
  };
}

/**
 * A network's sums, the image counted among the activations, as in Python.
 * @param {object} data networks.json
 * @param {Choice} choice
 * @param {Row[]} rows of this choice
 */
export function totals(data, choice, rows) {
  const sum = (quantity) => rows.reduce((all, one) => all + one[quantity], 0);
  const channels = data.networks[choice.network].inputShape[2];
  return {
    depth: data.networks[choice.network].depth,
    parameters: sum('parameters'),
    movingStatistics: sum('movingStatistics'),
    multiplyAdds: sum('multiplyAdds'),
    activations: product(choice.size) * channels + sum('activations'),
  };
}

/**
 * The rows of Table 1: a stage's layers, its sums, and the shape of its last output.
 * @param {Row[]} rows
 */
export function byStage(rows) {
  const stages = [];
  for (const one of rows) {
    let last = stages[stages.length - 1];
    if (last?.name !== one.stage) {
      last = {name: one.stage, rows: [], parameters: 0, multiplyAdds: 0, activations: 0};
      stages.push(last);
    }
    last.rows.push(one);
    last.outputShape = one.outputShape;
    for (const quantity of ['parameters', 'multiplyAdds', 'activations']) {
      last[quantity] += one[quantity];
    }
  }
  return stages;
}
