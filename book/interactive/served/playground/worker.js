/**
 * Trains the nets away from the page, so that the page stays responsive.
 *
 * In: {type: 'start', setting}, once, with {depth, residual} for each of `setting.nets` and
 * the number of steps after which to stop, `setting.until`;
 * {type: 'pause'}; {type: 'go', until}. Another setting is another worker's: the page ends
 * this one.
 * Out: {type: 'points'}, {type: 'round'} after every step of all nets,
 * {type: 'paused'} and {type: 'failed', message}.
 */
import * as tf from '../vendor/tensorflow.js';
import {Net} from './nets.js';
import {makePoints} from './points.js';

const POINTS = 256;
const GRID = 32; // cells along one side of a decision region
const REGION_EVERY = 5; // rounds

let nets = [];
let tensors = null; // {x: (POINTS, 2), y: (POINTS, 1), grid: (GRID * GRID, 2)}
let setting = null;
let round = 0;
let last = 0; // the round to stop after
let running = false;

const ready = (async () => {
  tf.setWasmPaths(new URL('../vendor/', import.meta.url).href);
  // Threads would need headers that a plain static host does not send.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  await tf.ready();
})();

/** The middles of the cells, row by row from above, in [-1.1, 1.1]. */
function gridPoints() {
  const middle = (i) => 1.1 * ((2 * i + 1) / GRID - 1);
  const points = [];
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) points.push(middle(column), -middle(row));
  }
  return tf.tensor2d(points, [GRID * GRID, 2]);
}

function start(asked) {
  setting = asked;
  last = setting.until;
  const {points, labels} = makePoints(setting.problem, POINTS, setting.seed, setting.noise);
  tensors = {
    x: tf.tensor2d(points, [POINTS, 2]),
    y: tf.tensor2d(labels, [POINTS, 1]),
    grid: gridPoints(),
  };
  const {width, norm, seed} = setting;
  nets = setting.nets.map((net) => new Net(tf, {...net, width, norm, seed}));
  postMessage({type: 'points', points, labels});
}

/** One step of every net, and what the page shows of it. */
function takeRound() {
  const withRegion = round % REGION_EVERY === 0 || round === last;
  const results = nets.map((net) => {
    if (net.broken) return {error: 0.5, broken: true};
    const result = net.step(tensors.x, tensors.y, setting.rate, withRegion);
    net.broken = !Number.isFinite(result.loss);
    if (net.broken) return {error: 0.5, broken: true};
    return withRegion ? {...result, region: net.predict(tensors.grid)} : result;
  });
  postMessage({type: 'round', nets: results});
}

/** Rounds until the last one, or until told to pause; messages come in between. */
async function run() {
  if (running) return;
  running = true;
  while (running && round <= last) {
    takeRound();
    round += 1;
    await new Promise((resolve) => { setTimeout(resolve, 0); });
  }
  running = false;
  postMessage({type: 'paused'});
}

onmessage = async ({data}) => {
  try {
    await ready;
    if (data.type === 'start') start(data.setting);
    if (data.type === 'go') last = data.until;
    if (data.type === 'pause') running = false;
    else await run();
  } catch (error) {
    running = false;
    postMessage({type: 'failed', message: error.message});
  }
};
