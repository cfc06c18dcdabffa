/** Bars by path length: the share of the paths up, their share of the gradient down. */
import {svg} from '../vendor/lit-html.js';

const WIDTH = 340;
const ROOM = {left: 44, right: 6, top: 20, bottom: 20};
const HEIGHT = 290;
const AXIS = 20; // between the two, for the lengths
const HALF = (HEIGHT - ROOM.top - ROOM.bottom - AXIS) / 2;
const MIDDLE = ROOM.top + HALF;

/** Round per cents up to `most`: two to five of them. */
function ticks(most) {
  const rough = 100 * most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  return Array.from({length: Math.floor(100 * most / step + 1e-9)}, (_, i) => (i + 1) * step);
}

/**
 * Both have one scale, so that bars can be compared.
 * @param {object} net of the record
 * @param {number} length the one that is marked
 * @param {(length: number) => void} choose called for the length that is pointed at
 */
export function lengthsChart(net, length, choose) {
  const n = net.share.length;
  const column = (WIDTH - ROOM.left - ROOM.right) / n;
  const x = (k) => ROOM.left + k * column;
  const most = Math.max(...net.share, ...net.contribution);
  const high = (share) => HALF * share / most;
  const point = (event) => {
    const {left, width} = event.currentTarget.getBoundingClientRect();
    const at = WIDTH * (event.clientX - left) / width;
    const k = Math.floor((at - ROOM.left) / column);
    if (k >= 0 && k < n && k !== length) choose(k);
  };
  const every = n > 14 ? 5 : 1;
  const down = MIDDLE + AXIS;
  const bars = (name, shares, top) => shares.map((share, k) => svg`<rect class=${name}
    x=${x(k) + 1} width=${column - 2} y=${top(high(share))} height=${high(share)}></rect>`);
  const gridLine = (tick, y) => svg`
    <path class="grid" d="M ${ROOM.left} ${y} H ${WIDTH - ROOM.right}"></path>
    <text class="end" x=${ROOM.left - 5} y=${y + 4}>${tick} %</text>`;
  const numbers = net.share.map((_, k) => k).filter((k) => k % every === 0);
  return svg`<svg class="chart" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}"
      @pointermove=${point} @pointerdown=${point}
      aria-label="Bars by the length of paths in ${net.title}: how many of the paths have it, upwards,
        and what share of the gradient they carry, downwards. The numbers follow.">
    <rect class="marked" x=${x(length)} y=${ROOM.top} width=${column}
      height=${HEIGHT - ROOM.top - ROOM.bottom}></rect>
    ${ticks(most).map((tick) => [MIDDLE - high(tick / 100), down + high(tick / 100)]
    .map((y) => gridLine(tick, y)))}
    ${bars('share', net.share, (height) => MIDDLE - height)}
    ${bars('contribution', net.contribution, () => down)}
    ${numbers.map((k) => svg`<text class="middle" x=${x(k) + column / 2} y=${MIDDLE + 14}>${k}</text>`)}
    <text class="title" x=${ROOM.left} y="12">↑ share of the paths</text>
    <text class="title" x=${ROOM.left} y=${HEIGHT - 6}>↓ share of the gradient</text>
  </svg>`;
}
