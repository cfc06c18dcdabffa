/**
 * Small problems in the plane, from a seed: the same points on every machine.
 * Coordinates lie about between -1 and 1.
 */

/** Numbers between 0 and 1 from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A normal number with standard deviation 1 (Box and Muller). */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Two arms around each other, with so many turns each. */
const spirals = (turns) => (share, label) => {
  const angle = 2 * Math.PI * turns * Math.sqrt(share) + Math.PI * label;
  const radius = 0.1 + 0.85 * Math.sqrt(share);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
};

/** One point of each problem: `share` goes from 0 to 1 along the class. */
const SHAPES = {
  spirals: spirals(1.75),
  'long-spirals': spirals(4), // deeper residual nets learn these in fewer steps
  rings: (share, label, random) => {
    const angle = 2 * Math.PI * random();
    const ring = 2 * Math.floor(share * 2) + label; // four rings, by turns
    const radius = (ring + 1) / 4 - 0.05;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
};

/** The names of the problems. */
export const PROBLEMS = Object.keys(SHAPES);

/**
 * @param {string} problem one of PROBLEMS
 * @param {number} count how many points, half of them in each class
 * @param {number} seed
 * @param {number} noise how far a point is moved, as a standard deviation
 * @returns {{points: Float32Array, labels: Float32Array}} (count, 2) and (count,), 0 or 1
 */
export function makePoints(problem, count, seed, noise = 0.02) {
  const random = randomFrom(seed);
  const points = new Float32Array(2 * count);
  const labels = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const label = i % 2;
    const share = (i - label + 1) / count;
    const [x, y] = SHAPES[problem](share, label, random);
    points[2 * i] = x + noise * normal(random);
    points[2 * i + 1] = y + noise * normal(random);
    labels[i] = label;
  }
  return {points, labels};
}
