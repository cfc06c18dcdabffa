/** The page of claims: a word that is typed leaves the claims that have it, and opens their folds. */
const place = document.querySelector('.claims-filter');
const folds = [...document.querySelectorAll('details.claims-of')];
const words = (row) => row.textContent.toLowerCase();
const all = folds.map((fold) => [...fold.querySelectorAll('tbody tr')].map((row) => [row, words(row)]));

function filter(text) {
  const typed = text.toLowerCase().split(/\s+/).filter((word) => word);
  let shown = 0;
  folds.forEach((fold, i) => {
    let here = 0;
    for (const [row, has] of all[i]) {
      row.hidden = !typed.every((word) => has.includes(word));
      here += row.hidden ? 0 : 1;
    }
    fold.open = typed.length > 0 && here > 0;
    fold.closest('section').classList.toggle('without', here === 0);
    shown += here;
  });
  place.querySelector('[role=status]').textContent = typed.length ? `${shown} claims have it.` : '';
}

place.hidden = false;
place.querySelector('input').addEventListener('input', (event) => filter(event.target.value));
