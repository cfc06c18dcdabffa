/** Lines of errors by epoch, one for each run; a level of the epoch that is asked about. */
import {svg} from '../vendor/lit-html.js';

const WIDTH = 520;
const HEIGHT = 300;
const ROOM = {left: 46, right: 40, top: 10, bottom: 40};
const across = (share) => ROOM.left + share * (WIDTH - ROOM.left - ROOM.right);
const down = (share) => ROOM.top + (1 - share) * (HEIGHT - ROOM.top - ROOM.bottom);

/**
 * @param {object[]} nets each with `kind`, `title`, `deep` from 0 to 1, and its `runs`
 * @param {string} key which of a run's lists
 * @param {number} epoch the one that is marked, from 1
 * @param {number} last epoch of all
 * @param {string} words what the list is called
 */
export function runsChart(nets, key, epoch, last, words) {
  const most = 10 * Math.ceil(Math.max(...nets.flatMap((net) => net.runs.flatMap((run) => run[key]))) / 10);
  const x = (i) => across((i - 1) / (last - 1));
  const path = (errors) => `M ${errors.map((error, i) => (
    `${x(i + 1).toFixed(1)} ${down(error / most).toFixed(1)}`)).join(' L ')}`;
  const ticks = Array.from({length: most / 10 + 1}, (_, i) => 10 * i).filter((tick) => most <= 60 || tick % 20 === 0);
  const ends = nets.map((net) => {
    const values = net.runs.map((run) => run[key][last - 1]);
    return {net, at: down(values.reduce((sum, value) => sum + value, 0) / values.length / most)};
  }).sort((a, b) => a.at - b.at);
  ends.forEach((end, i) => { // names keep their distance, and stay above the axis
    if (i > 0) end.at = Math.max(end.at, ends[i - 1].at + 15);
  });
  for (let i = ends.length - 1, lowest = down(0); i >= 0; i -= 1, lowest -= 15) {
    ends[i].at = Math.min(ends[i].at, lowest);
  }
  return svg`<svg class="runs" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}"
      aria-label="${words} in per cent against epochs, a line for each run. The table has the numbers.">
    ${ticks.map((tick) => svg`<path class="grid" d="M ${across(0)} ${down(tick / most)} H ${across(1)}"></path>
      <text class="end" x=${across(0) - 6} y=${down(tick / most) + 5}>${tick}</text>`)}
    ${[1, 5, 10, 15, 20].filter((tick) => tick <= last).map((tick) => svg`<text class="middle" x=${x(tick)}
      y=${down(0) + 17}>${tick}</text>`)}
    <text class="middle" x=${across(0.5)} y=${HEIGHT - 6}>epoch</text>
    <text class="middle" transform="translate(13 ${down(0.5)}) rotate(-90)">${words} (%)</text>
    <path class="at" d="M ${x(epoch)} ${down(0)} V ${down(1)}"></path>
    ${nets.map((net) => net.runs.map((run) => svg`<path class="run ${net.kind}" data-run="${net.name}-${run.seed}"
      .style="--deep: ${net.deep}" d=${path(run[key])}></path>`))}
    ${ends.map(({net, at}) => svg`<text class="name ${net.kind}" x=${across(1) + 5} y=${at + 5}>${net.depth}</text>`)}
  </svg>`;
}
