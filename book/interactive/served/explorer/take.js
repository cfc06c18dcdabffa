/** What a reader takes along: the code that builds the net, its layers as CSV, its diagram as SVG. */

/**
 * The call that builds a choice, with what differs from the network's own alone.
 * @param {import('./counting.js').Choice} choice
 * @param {import('./counting.js').Choice} own as `usual` has it
 */
export function code(choice, own) {
  const asked = [`"${choice.network}"`];
  if (choice.size.join() !== own.size.join()) asked.push(`input_shape=(${choice.size.join(', ')}, 3)`);
  if (choice.classes !== own.classes) asked.push(`num_classes=${choice.classes}`);
  if (choice.option !== own.option) asked.push(`shortcut="${choice.option}"`);
  if (choice.stride !== own.stride) asked.push(`bottleneck_stride="${choice.stride}"`);
  return `from helpers import networks\n\nmodel = networks.build(${asked.join(', ')})`;
}

const COLUMNS = {
  stage: 'stage', layer: 'name', kind: 'kind', output: 'outputShape', parameters: 'parameters',
  'multiply-adds': 'multiplyAdds', activations: 'activations', 'receptive field': 'receptiveField',
};

/** The rows of `layers` as comma-separated values, one line each below the names. */
export function csv(rows) {
  const value = (cell) => (Array.isArray(cell) ? cell.join('x') : cell ?? '');
  const lines = rows.map((row) => Object.values(COLUMNS).map((key) => value(row[key])).join(','));
  return `${[Object.keys(COLUMNS).join(','), ...lines].join('\n')}\n`;
}

const LOOK = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'paint-order', 'font-family',
  'font-size', 'font-weight', 'text-anchor'];

/** A drawing of the page as a file that needs no style sheet. */
export function drawing(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll('*')]);
  from.forEach((element, i) => {
    const look = getComputedStyle(element);
    for (const name of LOOK) to[i].setAttribute(name, look.getPropertyValue(name));
    to[i].removeAttribute('href');
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const [, , width, height] = svg.getAttribute('viewBox').split(' ');
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  return new XMLSerializer().serializeToString(copy);
}

/** Hands a text to the reader as a file. */
export function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
