/**
 * The figures of a page that a reader can change. Each has a script and data of its name here;
 * the printed figure stays below it, folded up, and is there where the twin is not.
 */

async function start(box) {
  const {twin} = box.dataset;
  const root = box.querySelector('.interactive');
  const still = box.querySelector('.still');
  try {
    const answer = await fetch(new URL(`${twin}.json`, import.meta.url));
    if (!answer.ok) throw new Error(`${twin}.json: ${answer.status}`);
    const [{show}, data] = await Promise.all([import(`./${twin}.js`), answer.json()]);
    show(root, data);
    still.open = false;
    box.dataset.state = 'ready';
  } catch (error) {
    box.dataset.state = 'failed'; // the printed figure stays
    throw error;
  }
}

/** On paper there is the printed figure alone: by twins.css, and here where a browser is older. */
function unfoldForPrint() {
  const stills = [...document.querySelectorAll('.twin > .still:not([open])')];
  for (const still of stills) still.open = true;
  const refold = () => stills.forEach((still) => { still.open = false; });
  window.addEventListener('afterprint', refold, {once: true});
}

window.addEventListener('beforeprint', unfoldForPrint);
for (const box of document.querySelectorAll('[data-twin]')) start(box);
