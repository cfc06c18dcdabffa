/** What a reader can set on the playground, and how a wrong value is put right. */
import {PROBLEMS} from './points.js';

const range = (low, high, step) => (
  Array.from({length: (high - low) / step + 1}, (_, i) => low + i * step));

/** The words for the choices whose values are none. */
export const CHOICES = {all: 'both kinds', plain: 'plain alone'};
/** When the gradients on show were measured. */
export const TIMES = {now: 'at the latest step', first: 'at the first step'};
const MOST_SEED = 999;

/** Every value that a setting can have, as an address writes it; a seed is any of many. */
export const VALUES = {
  problem: PROBLEMS,
  depth: range(2, 60, 2).map(String),
  shallow: range(2, 60, 2).map(String),
  width: range(4, 32, 4).map(String),
  rate: ['0.001', '0.002', '0.005', '0.01', '0.02', '0.05', '0.1', '0.2', '0.5'],
  norm: ['on', 'off'],
  noise: ['0', '0.02', '0.05', '0.1', '0.2'],
  seed: null,
  nets: Object.keys(CHOICES),
  gradients: Object.keys(TIMES),
};

/** What an address leaves out, where the page that the playground stands on sets nothing else. */
export const USUAL = {
  problem: 'spirals', depth: '40', shallow: '8', width: '16', rate: '0.05', norm: 'on', noise: '0.02', seed: '0',
  nets: 'all', gradients: 'now',
};

/** A setting's name in a sentence, and behind it what its values are. */
const NAMES = {
  problem: 'problem', depth: 'depth', shallow: 'depth of the shallow nets', width: 'width',
  rate: 'learning rate', norm: 'normalisation', noise: 'noise', seed: 'seed', nets: 'choice of nets',
  gradients: 'time of the gradients',
};

/** The value nearest to what was asked; the usual one where that is no number and no value. */
function nearest(key, asked, usual) {
  const number = asked.trim() === '' ? NaN : Number(asked);
  if (key === 'seed') {
    return Number.isFinite(number) ? String(Math.min(MOST_SEED, Math.max(0, Math.round(number)))) : usual;
  }
  const values = VALUES[key];
  if (values.includes(asked)) return asked;
  if (!Number.isFinite(number) || values.some((value) => Number.isNaN(Number(value)))) return usual;
  const off = (value) => Math.abs(Number(value) - number);
  return values.reduce((best, value) => (off(value) < off(best) ? value : best));
}

function listed(key) {
  if (key === 'seed') return `a whole number from 0 to ${MOST_SEED}`;
  const values = VALUES[key];
  return values.length < 10 ? `one of ${values.join(', ')}`
    : `one of ${values.slice(0, 3).join(', ')} and so on to ${values[values.length - 1]}`;
}

/**
 * Makes of what was asked what the page can do.
 * @param {Object<string, string>} asked
 * @param {Object<string, string>} usual
 * @returns {{fitted: Object<string, string>, said: string[]}} the values, and a sentence for each
 *   that is another one than was asked for
 */
export function fit(asked, usual) {
  const said = [];
  const fitted = {...asked};
  for (const key of Object.keys(VALUES)) {
    fitted[key] = nearest(key, asked[key], usual[key]);
    if (fitted[key] !== asked[key]) {
      said.push(`The ${NAMES[key]} is ${listed(key)}: ${fitted[key]} in place of “${asked[key].slice(0, 20)}”.`);
    }
  }
  return {fitted, said};
}

/** What differs between two settings, in words; empty where nothing does. */
export function differences(before, now) {
  return Object.keys(VALUES)
    .filter((key) => key !== 'gradients' && before[key] !== now[key])
    .map((key) => `${NAMES[key]} ${before[key]}`).join(', ');
}
