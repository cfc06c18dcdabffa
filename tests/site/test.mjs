// `make test-site`: drives Chromium through the built website. test.mjs FOLDER [part of a name]
// PAGES in the environment: of the pages that somebody wrote these, and all that a reader does.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { launch } from "./browser.mjs";
import * as explorer from "./explorer.mjs";
import * as journeys from "./journeys.mjs";
import * as lookInside from "./look-inside.mjs";
import * as nets from "./nets.mjs";
import { check, refusals, SCREENS, THEMES } from "./pages.mjs";
import * as playground from "./playground.mjs";
import * as playing from "./playing.mjs";
import * as policy from "./policy.mjs";
import * as predict from "./predict.mjs";
import { serve } from "./serve.mjs";
import * as runs from "./runs.mjs";
import * as search from "./search.mjs";
import * as shifts from "./shifts.mjs";
import * as twins from "./twins.mjs";

const folder = resolve(process.argv[2] ?? "_build/html");
const only = process.argv[3] ?? "";
const chosen = (process.env.PAGES ?? "").split(" ").filter(Boolean);
const names = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith(".html") && !name.startsWith("_static"))
  .filter((name) => name.includes(only))
  .filter((name) => !chosen.length || chosen.includes(name) || !/^(book|notebooks)\//.test(name))
  .sort();
const files = { journeys, policy, predict, explorer, playground, playing, nets, runs, search, shifts, twins };
const tests = Object.entries({ ...files, "look-inside": lookInside })
  .flatMap(([file, found]) => Object.entries(found).map(([name, test]) => [`${file}: ${name}`, test]))
  .filter(([name]) => name.includes(only));

const site = await serve(folder);
const browser = await launch();
const complaints = [];
/** One page in every look. */
async function checkPage(name) {
  const found = [];
  let heaviest = 0;
  for (const theme of THEMES) {
    for (const screen of Object.keys(SCREENS)) {
      const one = await check(browser, site.address, name, theme, screen);
      found.push(...one.complaints);
      heaviest = Math.max(heaviest, one.bytes);
    }
  }
  complaints.push(...found);
  for (const complaint of found) console.error(complaint);
  const weight = `${Math.round(heaviest / 1024)} KB`;
  console.log(`${found.length || "no"} complaints: ${name}, ${weight}`);
}

// Two pages at a time: each look has a context of its own, which shares nothing with others.
const waiting = [...names];
const worker = async () => {
  while (waiting.length) await checkPage(waiting.shift());
};
await Promise.all([worker(), worker()]);
for (const [name, test] of tests) {
  const context = await browser.newContext({ viewport: SCREENS.desktop, reducedMotion: "reduce" });
  const refused = refusals(context);
  try {
    await test(context, site.address);
    if (refused.length) throw new Error(refused.join("\n"));
    console.log(`passed: ${name}`);
  } catch (error) {
    complaints.push(`${name}: ${error.message}`);
    console.error(complaints.at(-1));
  }
  await context.close();
}
await browser.close();
site.close();
console.log(
  `${names.length} pages, in ${THEMES.join(" and ")}, on ${Object.keys(SCREENS).join(" and ")}; ` +
    `${tests.length} things that a reader does.`,
);
if (names.length + tests.length === 0 || complaints.length) {
  console.error(`The site has ${complaints.length} fault(s), listed above.`);
  process.exit(1);
}
