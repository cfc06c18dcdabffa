/** Subsets of n things as numbers: bit i is set where thing i belongs to the subset. */

/** How many things a subset has. */
export function size(subset) {
  let n = 0;
  for (let rest = subset; rest; rest = Math.floor(rest / 2)) n += rest % 2;
  return n;
}

export const has = (subset, i) => Math.floor(subset / 2 ** i) % 2 === 1;

/** The subset with thing i, if it was without, and without it, if it was with it. */
export const toggled = (subset, i) => subset + (has(subset, i) ? -1 : 1) * 2 ** i;

/** How many subsets of n things have k of them. */
export function choose(n, k) {
  let found = 1;
  for (let i = 1; i <= k; i += 1) found = Math.round(found * (n - k + i) / i);
  return found;
}

/**
 * Where the value of one subset stands among those of all that are as large.
 * @param {number[]} values of every subset, in the order of the subsets
 * @returns {{values: number[], rank: number, best: number, median: number, worst: number}}
 *   values ascending; rank 1 is the least; equal values share the better rank
 */
export function standing(values, subset) {
  const k = size(subset);
  const alike = values.filter((_, other) => size(other) === k).sort((a, b) => a - b);
  const middle = alike.length / 2;
  return {
    values: alike,
    rank: 1 + alike.filter((value) => value < values[subset]).length,
    best: alike[0],
    median: (alike[Math.ceil(middle) - 1] + alike[Math.floor(middle)]) / 2,
    worst: alike[alike.length - 1],
  };
}
