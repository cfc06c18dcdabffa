/**
 * What scrolls sideways can be reached by the keyboard. The theme sees to tables that are shown
 * when a page opens; here are formulas, pictures, and what opens later. A picture fades on the side
 * where more of it is; tables do so by the style sheet alone, which cannot look behind a picture.
 */
const SCROLLS = 'article :is(div.math, .pst-scrollable-table-container, .picture)';

function fade(element) {
  const hidden = element.scrollWidth - element.clientWidth - element.scrollLeft;
  element.classList.toggle('more-left', element.scrollLeft > 1);
  element.classList.toggle('more-right', hidden > 1);
}

function reach() {
  for (const element of document.querySelectorAll(SCROLLS)) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    if (element.matches('.picture')) {
      element.onscroll = () => fade(element);
      fade(element);
    }
  }
}

window.addEventListener('load', reach);
window.addEventListener('resize', reach);
document.addEventListener('opened', reach); // an answer: predict/page.js
