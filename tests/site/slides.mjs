// `make slides`: looks at every slide of every deck, and prints each deck: slides.mjs FOLDER
//
// A slide is refused that does not fit its 1280 by 720 pixels, that has no notes or lacks a
// picture; a deck that asks another host for anything, or does what its policy refuses; and a
// window for the speaker that stays without notes.
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

export const SIZE = { width: 1280, height: 720 };
const folder = resolve(process.argv[2] ?? "_build/slides");
const shots = process.argv[3]; // a folder for a picture of every slide, to look at
const decks = readdirSync(folder).filter((name) => /^\d\d-.*\.html$/.test(name));
const complaints = [];

/** What is wrong with the slide that is shown, in the browser. */
function faults({ width, height }) {
  const slide = Reveal.getCurrentSlide();
  const found = [];
  if (slide.scrollHeight > height) found.push(`is ${slide.scrollHeight} pixels high`);
  if (slide.scrollWidth > width) found.push(`is ${slide.scrollWidth} pixels wide`);
  const inside = slide.getBoundingClientRect();
  for (const element of slide.querySelectorAll("img, table, pre, math, figcaption")) {
    const { right, bottom } = element.getBoundingClientRect();
    if (element.closest(".notes")) continue;
    if (right > inside.left + width + 1 || bottom > inside.top + height + 1) {
      found.push(`has a ${element.localName} that sticks out`);
    }
  }
  for (const image of slide.querySelectorAll("img")) {
    if (!image.naturalWidth) found.push(`lacks ${image.getAttribute("src")}`);
  }
  const notes = slide.querySelector(":scope > aside.notes");
  if (!notes?.textContent.trim()) found.push("has no notes");
  return { title: slide.querySelector("h1, h2")?.textContent ?? "?", found };
}

/** Complains of what a page may not do by its policy, and of scripts that fail. */
function listen(page, deck) {
  page.on("console", (said) => {
    if (said.text().includes("Content Security Policy")) complaints.push(`${deck}: ${said.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${deck}: ${error.message}`));
}

/** The window for the speaker, which the key S opens, shows the notes of the slide. */
async function speak(page, deck) {
  const [speaker] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("s")]);
  listen(speaker, `${deck}, for the speaker`);
  const shown = () => document.querySelector(".speaker-controls-notes .value")?.textContent.trim();
  await speaker.waitForFunction(shown, undefined, { timeout: 20_000 }).catch(() => {
    complaints.push(`${deck}: the window for the speaker has no notes`);
  });
  if (shots) await speaker.screenshot({ path: join(shots, `${deck.slice(0, 2)}-speaker.png`) });
  await speaker.close();
}

async function look(browser, site, deck) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
  listen(page, deck);
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && !site.address.startsWith(origin)) {
      complaints.push(`${deck} asks for ${request.url()}`);
    }
  });
  await page.goto(site.address + deck, { waitUntil: "networkidle" });
  await page.evaluate(() => document.fonts.ready);
  const number = await page.evaluate(() => Reveal.getTotalSlides());
  await speak(page, deck);
  for (let i = 0; i < number; i++) {
    await page.evaluate(() => {
      while (Reveal.availableFragments().next) Reveal.nextFragment();
    });
    const { title, found } = await page.evaluate(faults, SIZE);
    for (const fault of found) complaints.push(`${deck}, "${title}": ${fault}`);
    if (shots) {
      const name = `${deck.slice(0, 2)}-${String(i + 1).padStart(2, "0")}.png`;
      await page.screenshot({ path: join(shots, name) });
    }
    await page.evaluate(() => Reveal.next());
  }
  await page.close();
  return number;
}

async function print(browser, site, deck) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light" });
  await page.goto(`${site.address}${deck}?print-pdf`, { waitUntil: "networkidle" });
  await page.waitForSelector(".pdf-page");
  const off = await page.evaluate(
    ({ width, height }) =>
      [...document.querySelectorAll(".pdf-page > section")]
        .filter((slide) => slide.scrollHeight > height || slide.scrollWidth > width)
        .map((slide) => slide.querySelector("h1, h2")?.textContent ?? "?"),
    SIZE,
  );
  for (const title of off) complaints.push(`${deck}, "${title}": does not fit its page of the PDF`);
  const file = join(folder, deck.replace(".html", ".pdf"));
  const size = { width: `${SIZE.width}px`, height: `${SIZE.height}px` };
  await page.pdf({ path: file, ...size, printBackground: true, tagged: true, outline: true });
  const pages = await page.locator(".pdf-page").count();
  await page.close();
  return { file, pages };
}

const site = await serve(folder);
const browser = await launch();
for (const deck of decks) {
  const number = await look(browser, site, deck);
  const { file, pages } = await print(browser, site, deck);
  if (pages !== number) complaints.push(`${deck}: ${number} slides became ${pages} pages`);
  console.log(`${file}: ${number} slides, ${Math.round(statSync(file).size / 1024)} KB`);
}
await browser.close();
site.close();
if (decks.length === 0) complaints.push(`no deck in ${folder}`);
if (complaints.length) {
  console.error([...complaints, `The decks have ${complaints.length} fault(s).`].join("\n"));
  process.exit(1);
}
