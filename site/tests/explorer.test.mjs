/** The explorer in a browser: keyboard, address, both themes, narrow and wide. */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {findings, openSite, widths} from './site.mjs';

const PAGE = 'book/explorer.html';
const READY = '#explorer[data-ready]';
let site;
before(async () => { site = await openSite(); });
after(() => site?.close());

async function sum(page, title, column) {
  const row = page.locator('table.sums tr', {hasText: title});
  return (await row.locator('td').nth(column).innerText()).split(' ')[0];
}

test('the numbers of Table 1 stand on the page', async () => {
  const {page, faults, leave} = await site.visit(PAGE);
  await page.waitForSelector(READY);
  assert.equal(await sum(page, 'Parameters', 0), '25,557,032'); // as torchvision has it, too
  assert.equal(await sum(page, 'Parameters', 1), '21,797,672');
  assert.equal(new URL(page.url()).search, '');
  assert.deepEqual(faults, []);
  await leave();
});

test('the keyboard alone chooses, and the address keeps the choice', async () => {
  const {page, faults, leave} = await site.visit(PAGE);
  await page.waitForSelector(READY);
  await page.getByLabel('Classes').first().focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('10');
  await page.keyboard.press('Tab'); // to the shortcut option
  await page.keyboard.press('ArrowDown');
  await page.waitForURL(/classes=10&option=C/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'explorer-option-1');
  const button = page.getByRole('button', {name: 'conv3_x'}).first();
  await button.focus();
  await page.keyboard.press('Enter');
  assert.equal(await button.getAttribute('aria-expanded'), 'true');
  assert.ok(await page.getByText('conv3_1_proj_conv').isVisible());
  const counted = await sum(page, 'Multiply-adds', 0);

  const other = await site.visit(PAGE, {query: new URL(page.url()).search});
  await other.page.waitForSelector(READY);
  assert.equal(await sum(other.page, 'Multiply-adds', 0), counted);
  assert.deepEqual([...faults, ...other.faults], []);
  await other.leave();
  await leave();
});

test('an input that is too small is refused with the reason, and the other net stays', async () => {
  const {page, faults, leave} = await site.visit(PAGE, {query: '?size=31&net2=resnet110&size2=8x4'});
  await page.waitForSelector(READY);
  assert.match(await page.getByRole('alert').innerText(), /at least 32\. Received: 31x31/);
  assert.equal(await page.locator('svg.network').count(), 1);
  assert.deepEqual(faults, []);
  await leave();
});

for (const theme of ['light', 'dark']) {
  test(`axe finds nothing, and nothing sticks out: ${theme}`, async () => {
    for (const width of [1280, 390]) {
      const {page, faults, leave} = await site.visit(PAGE, {width, theme});
      await page.waitForSelector(READY);
      await page.getByRole('button', {name: 'conv2_x'}).first().click();
      const [wide, seen] = await widths(page);
      assert.ok(wide <= seen, `${wide} pixels wide in a window of ${seen}`);
      assert.deepEqual(await findings(page), []);
      assert.deepEqual(faults, []);
      if (process.env.PICTURES) {
        await page.screenshot({path: `${process.env.PICTURES}/explorer-${theme}-${width}.png`, fullPage: true});
      }
      await leave();
    }
  });
}
