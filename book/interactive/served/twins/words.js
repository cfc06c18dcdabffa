/** Numbers and lists in words. */

/** 25557032 as 25,557,032. */
export const grouped = (n) => n.toLocaleString('en-GB');

/** With so many digits that count, and powers of ten in words where they are far off. */
export function short(n, digits = 3) {
  const size = Math.abs(n);
  if (size === Infinity) return n > 0 ? '∞' : '−∞';
  if (n === 0 || (size >= 1e-3 && size < 1e5)) {
    return n.toLocaleString('en-GB', {maximumSignificantDigits: digits}).replace('-', '−');
  }
  const [mantissa, power] = n.toExponential(digits - 1).split('e');
  return `${mantissa.replace('-', '−')} × 10${[...power.replace('+', '')].map((sign) => RAISED[sign]).join('')}`;
}

const RAISED = {'-': '⁻', ...Object.fromEntries([...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((sign, i) => [i, sign]))};

/** A share as per cent. */
export const percent = (share) => `${short(100 * share)} %`;

/** "a, b and c". */
export function listed(words) {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
