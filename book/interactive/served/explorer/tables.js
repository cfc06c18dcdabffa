/** The tables of the explorer: two networks' sums, and a network's layers by stage. */
import {html, nothing} from '../vendor/lit-html.js';
import {explained, grouped} from './explained.js';

const BYTES = 4; // of a number in float32
const MIB = 2 ** 20;

/** What so many numbers take in float32: KiB below a tenth of a MiB. */
export const memory = (numbers) => {
  if (numbers === 0) return '0';
  const mib = (BYTES * numbers) / MIB;
  const [amount, unit] = mib > 0 && mib < 0.1 ? [1024 * mib, 'KiB'] : [mib, 'MiB'];
  return `${amount.toLocaleString('en-GB', {maximumFractionDigits: 2})} ${unit}`;
};

/** A large number with its word: 3.86 billion. */
function short(n) {
  if (n >= 1e9) return `${(n / 1e9).toFixed(2)} billion`;
  return n >= 1e6 ? `${(n / 1e6).toFixed(2)} million` : grouped(n);
}

const sums = (batch) => [
  ['Layers with weights', 'depth', grouped],
  ['Parameters', 'parameters', grouped],
  ['Multiply-adds for one image', 'multiplyAdds', (n) => html`${grouped(n)} <span>${short(n)}</span>`],
  ['Activations kept for one image', 'activations', (n) => html`${grouped(n)} <span>${memory(n)}</span>`],
  ...(batch > 1 ? [[`Activations kept for ${grouped(batch)} images`, 'activations',
    (n) => html`${grouped(batch * n)} <span>${memory(batch * n)}</span>`]] : []),
  ['Moving statistics', 'movingStatistics', grouped],
];

/**
 * @param {{name: string, totals: object}[]} nets one or two
 * @param {number} batch images of a training step
 */
export function sumsTable(nets, batch) {
  const ratio = (key) => (nets[1].totals[key] ? nets[0].totals[key] / nets[1].totals[key] : NaN);
  const times = (n) => (Number.isFinite(n) ? `${n.toPrecision(3)} ×` : '–');
  return html`<table class="table sums">
    <caption>${nets.length > 1 ? 'Sums, and the first divided by the second' : 'Sums'}</caption>
    <thead><tr><th scope="col">Quantity</th>
      ${nets.map((net) => html`<th scope="col">${net.name}</th>`)}
      ${nets.length > 1 ? html`<th scope="col">first ÷ second</th>` : nothing}</tr></thead>
    <tbody>${sums(batch).map(([title, key, shown]) => html`<tr><th scope="row">${title}</th>
      ${nets.map((net) => html`<td>${shown(net.totals[key])}</td>`)}
      ${nets.length > 1 ? html`<td>${times(ratio(key))}</td>` : nothing}</tr>`)}</tbody>
  </table>`;
}

function layerRow(detail, {row: id, chosen, choose}) {
  const {row} = detail;
  const window = row.kernelSize
    ? ` ${row.kernelSize}x${row.kernelSize}${row.stride > 1 ? `, /${row.stride}` : ''}` : '';
  const looked = row.name === chosen;
  return html`<tr id=${id(row.name)} class=${looked ? 'chosen' : ''}>
    <th scope="row"><button type="button" class="one" aria-expanded=${looked}
      @click=${() => choose(looked ? null : row.name)}><code>${row.name}</code></button></th><td>${row.kind}${window}</td>
    <td>${row.outputShape.join('x')}</td><td>${grouped(row.parameters)}</td>
    <td>${grouped(row.multiplyAdds)}</td><td>${memory(row.activations)}</td>
    <td>${row.receptiveField ?? 'all'}</td></tr>
    ${looked ? html`<tr class="explained"><td colspan="7">${explained(detail)}</td></tr>` : nothing}`;
}

/**
 * @param {{name: string, stages: object[], details: object[]}} net its stages as `byStage` has them, its rows as `detailed` has
 * @param {Set<string>} open the stages whose layers are shown
 * @param {(stage: string) => void} toggle
 * @param {object} links as for the diagram
 */
export function layersTable({name, stages, details}, open, toggle, links) {
  const title = `Layers of ${name}`;
  return html`<div class="scrolls" role="region" tabindex="0" aria-label=${title}>
    <table class="table layers"><caption>${title}</caption>
    <thead><tr><th scope="col">Layer</th><th scope="col">Kind</th>
      <th scope="col">Output</th><th scope="col">Parameters</th><th scope="col">Multiply-adds</th>
      <th scope="col">Memory</th><th scope="col">Receptive field</th></tr></thead>
    ${stages.map((stage) => html`<tbody><tr class="stage">
      <th scope="row"><button type="button" aria-expanded=${open.has(stage.name)}
        @click=${() => toggle(stage.name)}>${stage.name}</button></th>
      <td>${grouped(stage.rows.length)} layers</td><td>${stage.outputShape.join('x')}</td>
      <td>${grouped(stage.parameters)}</td><td>${grouped(stage.multiplyAdds)}</td>
      <td>${memory(stage.activations)}</td><td>${stage.rows.at(-1).receptiveField ?? 'all'}</td></tr>
      ${open.has(stage.name) ? details.filter(({row}) => row.stage === stage.name).map((one) => layerRow(one, links)) : nothing}</tbody>`)}
    </table></div>`;
}
