// Chapter 5's figure of every run of the sweep: its numbers against the records, its boxes by
// pointer and keyboard, its address, a phone.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LETTERS, opened } from "./opened.mjs";
import { SCREENS } from "./pages.mjs";

/** The recorded errors of a net of the sweep, in per cent after an epoch, seed by seed. */
function recorded(net, key, epoch) {
  const folder = fileURLToPath(new URL("../../results", import.meta.url));
  const own = new RegExp(`^cifar10-16x16-${net}-late-drops-padding2-seed\\d\\.json$`);
  return readdirSync(folder)
    .filter((name) => own.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf-8")).history[key][epoch - 1])
    .map((share) => (100 * share).toFixed(1));
}

export async function theRunsOfTheSweepAreThoseThatAreTicked(context, address) {
  const name = "book/05-cifar10.html";
  const { page, complaints } = await opened(context, address, name, 1);
  const shown = async () => {
    const rows = {};
    for (const row of await page.locator(".recorded-runs tbody tr").all()) {
      rows[await row.getAttribute("data-net")] = await row.locator("td").allInnerTexts();
    }
    return rows;
  };
  const lines = () => page.locator(".recorded-runs path[data-run]").count();
  const last = (net) => [net, recorded(net, "error", 20)];
  assert.deepEqual(
    await shown(),
    Object.fromEntries(["plain20", "resnet20", "plain56", "resnet56"].map(last)),
  );
  assert.equal(await lines(), 12);
  const box = (label) => page.locator(".recorded-runs").getByLabel(label, { exact: true });
  await box("plain").focus();
  await page.keyboard.press("Space");
  await box("20").uncheck();
  await box("8").check();
  await box("validation error").check();
  await box("Epoch").focus();
  await page.keyboard.press("ArrowLeft");
  const row = (net) => [net, recorded(net, "validation_error", 19)];
  assert.deepEqual(await shown(), Object.fromEntries(["resnet8", "resnet56"].map(row)));
  assert.equal(await lines(), 6);
  await box("residual").click(); // the last one stays
  assert.ok(await box("residual").isChecked());
  const { search } = new URL(page.url());
  assert.equal(search, "?kinds=residual&layers=8-56&error=validation&epoch=19");
  const again = await opened(context, address, name + search, 1);
  assert.equal(await again.page.locator(".recorded-runs path[data-run]").count(), 6);
  const wrong = await opened(context, address, `${name}?layers=7&epoch=999&error=none`, 1);
  assert.equal(await wrong.page.locator(".recorded-runs path[data-run]").count(), 36);
  // All twelve names stand apart, and none runs into the numbers of the axis.
  const names = (
    await wrong.page
      .locator(".recorded-runs svg.runs text.name")
      .evaluateAll((all) => all.map((text) => Number(text.getAttribute("y"))))
  ).sort((a, b) => a - b);
  const axis = await wrong.page
    .locator(".recorded-runs svg.runs text.middle")
    .first()
    .evaluate((text) => Number(text.getAttribute("y")));
  assert.equal(names.length, 12);
  assert.ok(
    names.every((y, i) => i === 0 || y - names[i - 1] >= 14.9),
    `names at ${names}`,
  );
  assert.ok(names.at(-1) <= axis - 11, `the lowest name at ${names.at(-1)}, numbers at ${axis}`);
  await wrong.page.setViewportSize(SCREENS.phone);
  const letters = await wrong.page
    .locator(".recorded-runs svg.runs text")
    .evaluateAll((all) =>
      all.map((text) => {
        const { a, b } = text.getScreenCTM(); // one may be turned
        return Math.hypot(a, b) * Number.parseFloat(getComputedStyle(text).fontSize);
      }),
    );
  assert.ok(Math.min(...letters) >= LETTERS, `letters of ${Math.min(...letters)} pixels`);
  assert.deepEqual([...complaints, ...again.complaints, ...wrong.complaints], []);
}
