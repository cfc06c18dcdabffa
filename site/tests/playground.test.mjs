/** The playground in a browser: it trains, and shows degradation and its cure in time. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {findings, openSite, widths} from './site.mjs';

const PAGE = 'book/playground.html';
const SECONDS = 20; // to show degradation and its cure, on two cores
const WORSE = 20; // points of error that the deep plain net is behind, at least
const LEARNT = 5; // per cent: what the other two have at most
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
    const finished = page.waitForSelector('#playground[data-phase=paused]', {timeout: 300_000});
    await Promise.race([finished, page.waitForTimeout(1000 * SECONDS)]);
    const seconds = (performance.now() - start) / 1000;
    const {shallow, plain, residual} = await errors(page);
    t.diagnostic(`${await page.locator('#playground caption').innerText()} and ${seconds.toFixed(1)} s: `
      + `shallow ${shallow} %, plain ${plain} %, residual ${residual} %`);
    assert.ok(plain - shallow > WORSE, 'no degradation');
    assert.ok(plain - residual > WORSE, 'no cure');
    assert.ok(residual < LEARNT && shallow < LEARNT, 'a net that should learn has not');
    await finished;
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
