/** The page "Look inside": a button, and what it loads. Until then the printed figure stands there. */
import {html, render} from '../vendor/lit-html.js';

const root = document.getElementById('look-inside');
const box = root.closest('.twin');
const KEYS = ['image', 'block', 'channel']; // of the address, as show.js writes them

/** TensorFlow.js on WebAssembly: fast enough on every machine, and no GPU is asked for. */
async function loadTensorFlow() {
  const tf = await import('../vendor/tensorflow.js');
  tf.setWasmPaths(new URL('../vendor/', import.meta.url).href);
  // Threads would need headers that a plain static host does not send.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  await tf.ready();
  return tf;
}

async function loadNet() {
  const answer = await fetch(new URL('net.json', import.meta.url));
  if (!answer.ok) throw new Error(`net.json: ${answer.status}`);
  return answer.json();
}

function drawStart(said, waits = true) {
  render(html`<div class="start"><button type="button" id="look-start" ?disabled=${!waits} @click=${() => start(true)}>
      Start the net</button>
    <p>It runs in this page, on test images or on a picture of your own, which never leaves your
      machine.</p></div>
    <p role="status" class=${said ? '' : 'visually-hidden'}>${said}</p>`, root);
}

/** `pressed`: by the reader, whose focus was on the button that is then gone. */
async function start(pressed = false) {
  drawStart('Loading TensorFlow.js and the weights …', false);
  box.dataset.state = 'loading';
  try {
    const [tf, data, {Net}, {show}] = await Promise.all(
      [loadTensorFlow(), loadNet(), import('./net.js'), import('./show.js')]);
    const net = new Net(tf, data);
    show(root, net, data);
    box.querySelector('.still').open = false;
    box.dataset.state = 'ready';
    if (pressed) root.querySelector('input:checked').focus({preventScroll: true});
  } catch (error) {
    box.dataset.state = 'waiting';
    drawStart(`The net could not be started: ${error.message}. The figure below shows one image.`);
    throw error;
  }
}

drawStart('');
const asked = new URLSearchParams(window.location.search);
if (KEYS.some((key) => asked.has(key))) start(); // a link that shows what its writer saw
