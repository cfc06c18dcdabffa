/** Numbers of maps as the page has them. */
import {size} from './maps.js';

/** With so many decimals, a true minus sign, and no minus before zeros. */
export const decimals = (value, count) => value.toFixed(count).replace(/^-(?=.*[1-9])/, '−').replace('-', '');

/** Sizes have two decimals, as in the printed figure. */
export const shownSize = (values) => decimals(size(values), 2);

/** "−2.1 to 3.4" */
export function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => decimals(value, 1));
  return low === high ? low : `${low} to ${high}`;
}

/** How large F(x) is beside what the shortcut brings. */
export const ratio = ({x, f}) => decimals(size(f.values) / size(x.values), 2);
