// Lighthouse on a phone's terms: lighthouse.mjs FOLDER [NAME...]. Fails below 95, where a page
// weighs more than 600 KB, and where more than 90 KB come before it can be drawn: that, other than
// a score, is the same on every machine. A slow moment of one does not decide: best of three.
import { resolve } from "node:path";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { executable, FLAGS } from "./browser.mjs";
import { serve } from "./serve.mjs";

const LEAST = 0.95;
const HEAVIEST = 600 * 1024;
const HEAVIEST_START = 90 * 1024; // the page itself and its style sheets
const PORT = 9333;
const folder = resolve(process.argv[2] ?? "_build/html");
const names = process.argv.slice(3);
if (!names.length) names.push(...["index", "book/01-degradation", "book/04-bottleneck", "book/08-looking-inside"].map((name) => `${name}.html`));

const site = await serve(folder);
const browser = await chromium.launch({
  executablePath: executable(),
  args: [...FLAGS, `--remote-debugging-port=${PORT}`],
});
let faults = 0;
for (const name of names) {
  let best = null;
  for (let i = 0; i < 3 && !(best?.every(([, score]) => score >= LEAST)); i++) {
    const { lhr } = await lighthouse(site.address + name, { port: PORT, logLevel: "error" });
    const scores = Object.values(lhr.categories).map(({ id, score }) => [id, score]);
    const sum = (all) => all.reduce((total, [, score]) => total + score, 0);
    if (!best || sum(scores) > sum(best)) {
      best = scores;
      best.weight = lhr.audits["total-byte-weight"].numericValue;
      best.start = lhr.audits["network-requests"].details.items
        .filter(({ resourceType }) => ["Document", "Stylesheet"].includes(resourceType))
        .reduce((total, { transferSize }) => total + transferSize, 0);
      best.failed = Object.values(lhr.audits).filter((a) => a.score !== null && a.score < 0.9);
    }
  }
  const shown = best.map(([id, score]) => `${id} ${Math.round(100 * score)}`).join(", ");
  const [weight, start] = [best.weight, best.start].map((bytes) => Math.round(bytes / 1024));
  console.log(`${name}: ${shown}; ${weight} KB, ${start} before it is drawn`);
  const heavy = best.weight > HEAVIEST || best.start > HEAVIEST_START;
  if (heavy || best.some(([, score]) => score < LEAST)) faults += 1;
  for (const audit of best.failed) console.log(`  ${audit.id} ${audit.displayValue ?? ""}`);
}
await browser.close();
site.close();
if (faults) {
  console.error(`Expected every score of at least ${100 * LEAST}, at most 600 KB a page and 90 before it is drawn.`);
  process.exit(1);
}
