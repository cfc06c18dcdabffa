/* The search ranks pages by how often they use the words, and knows other words for them.
   Loaded before Sphinx' searchtools.js, which takes `Scorer` and `splitQuery` where they exist;
   `FINDING` is written when the book is built (book/_ext/finding.py). */
/* global FINDING */
/* exported Scorer, splitQuery */

/** The text in small letters, with the book's words for those that people type. */
function inOurWords(text) {
  return FINDING.synonyms.reduce(
    (so, [pattern, instead]) => so.replace(new RegExp(pattern, 'g'), instead), text.toLowerCase());
}

/** Words as they are counted. */
function countedWords(text) {
  const found = inOurWords(text).match(new RegExp(FINDING.token, 'g')) ?? [];
  return found.map((word) => word.replaceAll('-', '').replace(/(?<=\w{4})s$/, ''));
}

/** What Sphinx looks for and marks: no words under three letters, and of resnet50 the letters. */
function splitQuery(query) {
  const all = inOurWords(query).split(/[^\p{Letter}\p{Number}_]+/u).filter((word) => word);
  const long = all.filter((word) => word.length > 2).map((word) => word.replace(/^([a-z]{3,})\d+$/, '$1'));
  return long.length ? long : all;
}

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {0: 15, 1: 5, 2: -5},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  /** A heading that is the question keeps Sphinx' score; a page gains by its words. */
  score: ([page, , anchor, , score]) => {
    const typed = countedWords(new URLSearchParams(window.location.search).get('q') ?? '');
    const place = FINDING.pages.indexOf(page);
    const often = typed.map((word) => Math.log2(1 + (FINDING.counts[word]?.[place] ?? 0)));
    const use = anchor || !often.length ? 0 : 4 * often.reduce((a, b) => a + b, 0) / often.length;
    const lead = !anchor && FINDING.leads[typed.join(' ')] === page ? 1000 : 0;
    return (score + use) * (page.startsWith('notebooks/') ? 0.7 : 1) + lead;
  },
};
