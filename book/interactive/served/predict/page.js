/**
 * Questions whose answer opens when the reader has chosen. What was chosen is shown beside the
 * answer, is kept on the reader's machine alone, and can be taken back.
 */
import {counted, keep, kept, score} from './kept.js';

const words = (element) => element.textContent.trim().replace(/\s+/g, ' ');
const boxes = [...document.querySelectorAll('.predict')];

/** Each choice's text by its value. */
function choices(box) {
  const labels = [...box.querySelectorAll('.choice')];
  return new Map(labels.map((label) => [label.querySelector('input').value, words(label)]));
}

/** What the form says now, as it is kept. */
function prediction(box) {
  const {kind, right, within} = box.dataset;
  if (kind === 'choose') {
    const {value} = box.querySelector('form input:checked');
    return {said: choices(box).get(value), right: value === right};
  }
  if (kind === 'open') return {said: '', right: null};
  const {value, valueAsNumber} = box.querySelector('input');
  const off = Math.abs(valueAsNumber - Number(right));
  return {said: value, right: off <= Number(within ?? 0) + 1e-9};
}

function verdict(box, {said, right}) {
  const {kind, right: answer, unit = ''} = box.dataset;
  const sized = (number) => `${number}${unit && ` ${unit}`}`;
  if (said === null) return 'Shown without a prediction.';
  if (kind === 'open') return 'You have your answer. Here is ours.';
  if (kind === 'choose') {
    return `You said: ${said}. ${right ? 'Right.' : `It is: ${choices(box).get(answer)}.`}`;
  }
  return `You said ${sized(said)}. ${right ? 'Near enough' : 'Not quite'}: it is ${sized(answer)}.`;
}

function show(box, found) {
  for (const input of box.querySelectorAll('form input')) input.disabled = true;
  box.dataset.state = found.right === null ? 'shown' : found.right ? 'right' : 'wrong';
  const {judged, right} = counted(boxes.map(({id}) => id));
  const sum = judged > 1 ? ` So far on this page: ${score({judged, right})}.` : '';
  box.querySelector('.said p').textContent = verdict(box, found) + sum;
  box.dispatchEvent(new Event('opened', {bubbles: true}));
}

function hide(box) {
  for (const input of box.querySelectorAll('form input')) input.disabled = false;
  delete box.dataset.state;
  box.querySelector('.said p').textContent = '';
  box.querySelector('form').reset();
}

/** A prediction of an earlier visit, unless the book has other choices now. */
function earlier(box) {
  const found = kept()[box.id];
  if (!found || (box.dataset.kind !== 'choose' || found.said === null)) return found;
  const [value] = [...choices(box)].find(([, text]) => text === found.said) ?? [];
  if (value === undefined) return undefined;
  box.querySelector(`form input[value="${value}"]`).checked = true;
  return {...found, right: value === box.dataset.right};
}

function start(box) {
  const made = (found) => {
    keep(box.id, found);
    show(box, found);
  };
  box.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    made(prediction(box));
    box.querySelector('.back').focus();
  });
  box.querySelector('.skip').addEventListener('click', () => {
    made({said: null, right: null});
    box.querySelector('.back').focus();
  });
  box.querySelector('.back').addEventListener('click', () => {
    keep(box.id, null);
    hide(box);
    box.querySelector('input, button').focus();
  });
  const found = earlier(box);
  if (found) show(box, found);
}

/** A link to a figure in an answer leads somewhere: the answer opens. */
function open() {
  const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  const box = target?.closest('.predict > .answer')?.parentElement;
  if (!box || box.dataset.state) return;
  show(box, {said: null, right: null});
  target.scrollIntoView();
}

/** The page with all of them: what was said of each, and how many were right. */
function list(root) {
  const rows = [...root.querySelectorAll('[data-prediction]')];
  const all = kept();
  for (const row of rows) {
    const found = all[row.dataset.prediction];
    const said = {true: 'right', false: 'wrong', null: 'shown'}[found?.right] ?? 'open';
    row.dataset.state = said;
    row.querySelector('.state').textContent = found?.said ? `${said}: ${found.said}` : said;
  }
  const sum = counted(rows.map((row) => row.dataset.prediction));
  root.querySelector('[role=status]').textContent = sum.judged
    ? `${score(sum)}, of ${rows.length} questions in the book.`
    : `None of ${rows.length} questions predicted yet.`;
}

boxes.forEach(start);
open();
window.addEventListener('hashchange', open);
document.querySelectorAll('.predictions').forEach(list);
