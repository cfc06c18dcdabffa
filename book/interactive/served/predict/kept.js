/**
 * What the reader has predicted, in the browser's own store: {name: {said, right}}. `said` is the
 * text of the choice or the number, null where the reader looked without one; `right` is true,
 * false, or null where nothing can be right.
 */
const KEY = 'residual-networks-predictions';

/** Everything that is kept; nothing where the store is shut or holds something else. */
export function kept() {
  try {
    const found = JSON.parse(window.localStorage.getItem(KEY));
    return found !== null && typeof found === 'object' ? found : {};
  } catch {
    return {};
  }
}

/** Keeps one; null takes it back. Without a store it lasts as long as the page. */
export function keep(name, prediction) {
  const all = kept();
  if (prediction === null) delete all[name];
  else all[name] = prediction;
  try {
    window.localStorage.setItem(KEY, JSON.stringify(all));
  } catch { /* a private window: nothing is kept */ }
}

/**
 * How many of these were predicted, and how many of them rightly. What cannot be right or wrong,
 * and what was shown without a prediction, does not count.
 */
export function counted(names) {
  const all = kept();
  const judged = names.map((name) => all[name]?.right).filter((right) => typeof right === 'boolean');
  return {judged: judged.length, right: judged.filter(Boolean).length};
}

/** "2 of 3 right". */
export function score({judged, right}) {
  return `${right} of ${judged} right`;
}
