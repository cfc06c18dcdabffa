/**
 * What scrolls sideways can be reached by the keyboard. The theme sees to tables that are shown
 * when a page opens; here are formulas, pictures,
 * and what opens later.
 */
const SCROLLS = 'article :is(div.math, .pst-scrollable-table-container, .picture)';

function reach() {
  for (const element of document.querySelectorAll(SCROLLS)) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  }
}

window.addEventListener('load', reach);
window.addEventListener('resize', reach);
document.addEventListener('opened', reach); // an answer: predict/page.js
