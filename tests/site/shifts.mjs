// What has been read does not move when the rest of a page arrives.
import assert from "node:assert/strict";
import { SCREENS } from "./pages.mjs";

const MOST = 0.05; // of the sum of shifts; browsers call what is below 0.1 good
const PAGES = [
  ...["book/explorer.html", "book/playground.html", "search.html?q=bottleneck"],
  ...["book/predictions.html", "book/01-degradation.html", "book/02-identity-shortcuts.html"],
];

export async function nothingMovesUnderTheReadersEyes(context, address) {
  for (const name of PAGES) {
    for (const [screen, viewport] of Object.entries(SCREENS)) {
      const page = await context.newPage();
      await page.setViewportSize(viewport);
      await page.addInitScript(() => {
        globalThis.shifts = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) globalThis.shifts += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
      });
      await page.goto(address + name, { waitUntil: "networkidle" });
      await page.waitForTimeout(500);
      const shifts = await page.evaluate(() => globalThis.shifts);
      assert.ok(shifts < MOST, `${name} shifts by ${shifts.toFixed(3)} (${screen})`);
      await page.close();
    }
  }
}
