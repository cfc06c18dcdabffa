// `make test-site`: drives Chromium through the built website. test.mjs FOLDER [part of a name]
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { launch } from "./browser.mjs";
import * as explorer from "./explorer.mjs";
import * as journeys from "./journeys.mjs";
import * as nets from "./nets.mjs";
import { check, SCREENS, THEMES } from "./pages.mjs";
import * as playground from "./playground.mjs";
import { serve } from "./serve.mjs";

const folder = resolve(process.argv[2] ?? "_build/html");
const only = process.argv[3] ?? "";
const names = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith(".html") && !name.startsWith("_static"))
  .filter((name) => name.includes(only))
  .sort();
const tests = Object.entries({ journeys, explorer, playground, nets })
  .flatMap(([file, found]) => Object.entries(found).map(([name, test]) => [`${file}: ${name}`, test]))
  .filter(([name]) => name.includes(only));

const site = await serve(folder);
const browser = await launch();
const complaints = [];
for (const name of names) {
  const before = complaints.length;
  let heaviest = 0;
  for (const theme of THEMES) {
    for (const screen of Object.keys(SCREENS)) {
      const found = await check(browser, site.address, name, theme, screen);
      complaints.push(...found.complaints);
      heaviest = Math.max(heaviest, found.bytes);
    }
  }
  for (const complaint of complaints.slice(before)) console.error(complaint);
  const weight = `${Math.round(heaviest / 1024)} KB`;
  console.log(`${complaints.length - before || "no"} complaints: ${name}, ${weight}`);
}
for (const [name, test] of tests) {
  const context = await browser.newContext({ viewport: SCREENS.desktop, reducedMotion: "reduce" });
  try {
    await test(context, site.address);
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
