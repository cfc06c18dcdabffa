// Opens every page in both themes, wide and narrow, and complains about what a reader would.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PREPARED } from "./prepared.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
export const SCREENS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
const HEAVIEST = 600 * 1024; // of a page with all that it shows, as it is sent
export const REFUSAL = /Content Security Policy/;
export const THEMES = ["light", "dark"];
// axe looks at each theme and each width once: colours depend on the one, order on the other.
const AXED = { phone: "light", desktop: "dark" };

/** A page that keeps a list of what went wrong on it, and in the workers that it starts. */
export async function watched(context, address) {
  const page = await context.newPage();
  const complaints = [];
  const answers = [];
  const host = new URL(address).host;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    const own = ["data:", "blob:"].includes(url.protocol) || url.host === host;
    if (!own) complaints.push(`asks another host: ${url}`);
  });
  context.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    const left = why === "net::ERR_ABORTED"; // the reader went to another page before it came
    if (!left) complaints.push(`does not get ${request.url()}: ${why}`);
  });
  context.on("response", (response) => {
    answers.push(response);
    if (response.status() >= 400) complaints.push(`${response.status()} for ${response.url()}`);
  });
  const weight = async () => {
    const sizes = await Promise.all(answers.map((answer) => answer.request().sizes()));
    return sizes.reduce((sum, size) => sum + size.responseBodySize, 0);
  };
  return { page, complaints, weight };
}

/** What the browser has refused on the pages of a context, by their policy, as it comes in. */
export function refusals(context) {
  const found = [];
  context.on("console", (message) => {
    if (REFUSAL.test(message.text())) found.push(message.text());
  });
  return found;
}

/** A page that is open and must stay without complaint. */
export async function open(context, address, name) {
  const { page, complaints } = await watched(context, address);
  await page.goto(address + name, { waitUntil: "load" });
  return { page, complaints };
}

/** Opens the answers to predictions, without one. */
export async function answer(page) {
  await page.evaluate(() => {
    for (const skip of document.querySelectorAll(".predict:not([data-state]) .skip")) skip.click();
  });
}

/** Opens what a reader can open: answers to predictions, solutions, cells that are folded. */
export async function unfold(page) {
  await answer(page);
  await page.evaluate(() => {
    for (const closed of document.querySelectorAll("article details")) closed.open = true;
    for (const button of document.querySelectorAll("article .toggle-hidden > .toggle-button")) {
      button.click();
    }
  });
}

/** Brings every lazy picture in that this theme shows. */
async function scrollThrough(page) {
  await page.evaluate(async () => {
    const shown = [...document.images].filter((image) => image.offsetParent);
    for (const image of shown) image.loading = "eager";
    await Promise.all(shown.map((image) => image.decode()));
  });
}

/** What is wrong with the look of an open page. */
async function look(page) {
  return page.evaluate(() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      found.push(`is ${root.scrollWidth} pixels wide on a screen of ${root.clientWidth}`);
    }
    if (document.querySelector("footer") && !document.querySelector("footer .licence a")) {
      found.push("does not say its licence");
    }
    if (document.getAnimations().length) found.push("moves, though the reader asked for less motion");
    for (const image of document.querySelectorAll("article img")) {
      if (!image.offsetParent) continue;
      const ground = getComputedStyle(image).backgroundColor;
      if (image.matches(".only-dark") && ground !== "rgba(0, 0, 0, 0)") {
        found.push(`shows ${image.src}, drawn for a dark ground, on ${ground}`);
      }
      if (!image.naturalWidth) found.push(`shows no picture ${image.src}`);
      const stretched = (image.clientWidth / image.clientHeight) * (image.naturalHeight / image.naturalWidth);
      const padded = getComputedStyle(image).padding !== "0px";
      if (!padded && Math.abs(stretched - 1) > 0.03) {
        found.push(`stretches ${image.src} by ${stretched.toFixed(2)}`);
      }
    }
    for (const figure of document.querySelectorAll("article figure")) {
      const shown = [...figure.querySelectorAll("img")].filter((image) => image.offsetParent);
      if (figure.querySelector("figcaption")?.checkVisibility() === false) {
        found.push(`hides the caption of ${figure.id}`);
      }
      if (figure.querySelector("img") && shown.length !== 1) {
        found.push(`shows ${shown.length} pictures in ${figure.id} instead of one`);
      }
    }
    for (const image of document.querySelectorAll("article .picture > img")) {
      if (!image.offsetParent) continue;
      const least = Number.parseFloat(getComputedStyle(image).getPropertyValue("--legible"));
      const { width } = image.getBoundingClientRect();
      if (!(width > least - 1)) found.push(`shows ${image.src} ${width} wide: letters want ${least}`);
    }
    for (const picture of document.querySelectorAll("article .picture")) {
      const hidden = picture.scrollWidth - picture.clientWidth - picture.scrollLeft > 1;
      const fades = getComputedStyle(picture).maskImage !== "none";
      if (picture.checkVisibility() && hidden !== fades) {
        found.push(`${fades ? "fades" : "does not show that there is more of"} ${picture.firstChild.src}`);
      }
    }
    for (const caption of document.querySelectorAll("article caption")) {
      const { left, right } = caption.getBoundingClientRect();
      if (caption.checkVisibility() && (left < 0 || right > root.clientWidth)) {
        found.push(`cuts off the caption "${caption.textContent.slice(0, 40)}"`);
      }
    }
    for (const math of document.querySelectorAll("math")) {
      const shown = math.checkVisibility();
      if (shown && !math.getBoundingClientRect().width) found.push("shows an empty formula");
    }
    return found;
  });
}

/** axe-core's findings on an open page, one line each. */
export async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.flatMap((violation) =>
    violation.nodes
      .slice(0, 4)
      .map((node) => `axe ${violation.id}: ${node.target.join(" ")} ${node.failureSummary}`),
  );
}

/** Checks one page of the site in one theme on one screen; returns complaints and its weight. */
export async function check(browser, address, name, theme, screen) {
  const context = await browser.newContext({
    viewport: SCREENS[screen],
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const { page, complaints, weight } = await watched(context, address);
  await page.goto(address + name, { waitUntil: "load" });
  await PREPARED[name]?.(page);
  await unfold(page);
  await scrollThrough(page);
  const shown = await page.evaluate(() => document.documentElement.dataset.theme);
  if (shown && shown !== theme) complaints.push(`is ${shown} where the reader's system is ${theme}`);
  complaints.push(...(await look(page)));
  if (AXED[screen] === theme) complaints.push(...(await axe(page)));
  const bytes = await weight();
  if (bytes > HEAVIEST) complaints.push(`weighs ${Math.round(bytes / 1024)} KB`);
  await context.close();
  return { complaints: complaints.map((text) => `${name} (${theme}, ${screen}): ${text}`), bytes };
}
