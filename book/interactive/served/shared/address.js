/**
 * A page's state in its address, so that a link shows what its writer saw.
 * Only what differs from the page's defaults is written.
 */

/**
 * @param {Object<string, string>} defaults every key that the page knows
 * @returns {Object<string, string>} the defaults with what the address says
 */
export function readAddress(defaults) {
  const asked = new URLSearchParams(window.location.search);
  const known = Object.keys(defaults).map((key) => [key, asked.get(key) ?? defaults[key]]);
  return Object.fromEntries(known);
}

/**
 * Puts the state into the address without a new entry in the history.
 * @param {Object<string, string|number|null>} state
 * @param {Object<string, string>} defaults what is left out of the address
 */
export function writeAddress(state, defaults) {
  const address = new URL(window.location.href);
  for (const key of Object.keys(defaults)) {
    const value = state[key];
    if (value === null || value === undefined || String(value) === defaults[key]) {
      address.searchParams.delete(key);
    } else {
      address.searchParams.set(key, String(value));
    }
  }
  window.history.replaceState(null, '', address);
}
