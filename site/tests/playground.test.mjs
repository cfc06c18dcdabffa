/** The playground in a browser: it trains, and shows degradation and its cure in time. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {findings, openSite, widths} from './site.mjs';

const PAGE = 'book/playground.html';
const SECONDS = 20; // to show degradation and its cure, on two cores
const WORSE = 20; // points of error that the deep plain net is behind, at least
const SEEDS = (process.env.SEEDS ?? '0').split(',');
let site;
before(async () => { site = await openSite(); });
after(() => site?.close());

async function errors(page) {
  const found = {};
  for (const net of ['shallow', 'plain', 'residual']) {
    found[net] = Number.parseFloat(await page.locator(`[data-error=${net}]`).innerText());
  }
  return found;
}

for (const seed of SEEDS) {
  test(`the deep plain net is worse and the residual one is not, seed ${seed}`, async (t) => {
    const {page, faults, leave} = await site.visit(PAGE, {query: `?seed=${seed}`});
    await page.waitForSelector('#playground[data-phase=idle]');
    await page.focus('#playground-train');
    const start = performance.now();
    await page.keyboard.press('Enter');
    // Shown is shown: both differences at once, for the first time.
    await page.waitForFunction((worse) => {
      const error = (net) => Number.parseFloat(document.querySelector(`[data-error=${net}]`).innerText);
      return error('plain') - error('shallow') > worse && error('plain') - error('residual') > worse;
    }, WORSE, {timeout: 120_000});
    const shown = (performance.now() - start) / 1000;
    await page.waitForSelector('#playground[data-phase=paused]', {timeout: 300_000});
    const seconds = (performance.now() - start) / 1000;
    const {shallow, plain, residual} = await errors(page);
    t.diagnostic(`shown after ${shown.toFixed(1)} s, finished after ${seconds.toFixed(1)} s: `
      + `shallow ${shallow} %, plain ${plain} %, residual ${residual} %`);
    assert.ok(plain - shallow > WORSE, 'no degradation');
    assert.ok(plain - residual > WORSE, 'no cure');
    assert.ok(shown < SECONDS, `shown only after ${shown} s`);
    assert.deepEqual(faults, []);
    if (process.env.PICTURES) {
      await page.screenshot({path: `${process.env.PICTURES}/playground-trained-${seed}.png`, fullPage: true});
    }
    await leave();
  });
}

test('the page answers while it trains, stops when told, and goes on', async () => {
  const {page, faults, leave} = await site.visit(PAGE, {query: '?depth=6&problem=rings'});
  await page.focus('#playground-train');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.querySelector('[data-error=plain]').innerText.includes('–'));
  await page.getByRole('button', {name: 'Pause'}).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('#playground[data-phase=paused]');
  await page.getByRole('button', {name: 'Train on'}).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('#playground[data-phase=training]');
  await page.focus('#playground-depth'); // a change starts anew
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(/depth=8/);
  assert.equal(await page.getAttribute('#playground', 'data-phase'), 'idle');
  assert.deepEqual(faults, []);
  await leave();
});

for (const theme of ['light', 'dark']) {
  test(`axe finds nothing, and nothing sticks out: ${theme}`, async () => {
    for (const width of [1280, 390]) {
      const {page, faults, leave} = await site.visit(PAGE, {width, theme, query: '?depth=10'});
      await page.focus('#playground-train');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#playground[data-phase=paused]', {timeout: 300_000});
      const [wide, seen] = await widths(page);
      assert.ok(wide <= seen, `${wide} pixels wide in a window of ${seen}`);
      assert.deepEqual(await findings(page), []);
      assert.deepEqual(faults, []);
      if (process.env.PICTURES) {
        await page.screenshot({path: `${process.env.PICTURES}/playground-${theme}-${width}.png`, fullPage: true});
      }
      await leave();
    }
  });
}

test('TensorFlow.js is loaded on this page alone', async () => {
  const {page, leave} = await site.visit('book/explorer.html');
  const asked = await page.evaluate(() => performance.getEntriesByType('resource').map((r) => r.name));
  assert.deepEqual(asked.filter((name) => /tensorflow|wasm/.test(name)), []);
  await leave();
});
