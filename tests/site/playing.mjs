// The playground's controls: where they stand, what they say, and what they leave alone.
import assert from "node:assert/strict";
import { open, SCREENS } from "./pages.mjs";

const NAME = "book/playground.html";
const FOLD = { phone: SCREENS.phone, laptop: { width: 1280, height: 800 } };
const FINGER = 24; // pixels that a target wants, at least, on both sides

/** Steps that the page says it has taken. */
const steps = async (page) =>
  Number(/after (\d+) step/.exec(await page.locator("#playground caption").innerText())[1]);

async function paused(page) {
  await page.waitForSelector("#playground[data-phase=paused]", { timeout: 120_000 });
}

export async function whoPressesTrainSeesWhatHappens(context, address) {
  for (const [screen, viewport] of Object.entries(FOLD)) {
    const { page, complaints } = await open(context, address, `${NAME}?depth=4`);
    await page.setViewportSize(viewport);
    const bottom = (selector) =>
      page.locator(selector).first().evaluate((e) => e.getBoundingClientRect().bottom);
    for (const selector of ["#playground-train", "#playground caption", "#playground tbody tr"]) {
      assert.ok((await bottom(selector)) < viewport.height, `${selector} is below the fold (${screen})`);
    }
    if (screen === "laptop") assert.ok((await bottom("#playground figure svg")) < viewport.height);
    await page.click("#playground-train");
    await page.waitForFunction(() => /after [1-9]/.test(document.querySelector("caption").innerText));
    assert.equal(await page.evaluate(() => scrollY), 0);
    assert.deepEqual(complaints, []);
    await page.close();
  }
}

export async function aNetOfTwoLayersTrains(context, address) {
  const { page, complaints } = await open(context, address, `${NAME}?depth=2&shallow=2&problem=rings`);
  await page.click("#playground-train");
  await paused(page);
  assert.equal(await steps(page), 100);
  assert.deepEqual(complaints, []);
}

export async function aValueThatCannotBeIsPutRightAndThatIsSaid(context, address) {
  const { page, complaints } = await open(context, address, `${NAME}?width=40&depth=7&seed=2`);
  const said = page.locator("#playground [role=status]");
  assert.ok(await said.isVisible());
  assert.match(await said.innerText(), /width is one of .*: 32 in place of “40”/);
  assert.match(await said.innerText(), /depth is one of .* in place of “7”/);
  const kept = Object.fromEntries(new URL(page.url()).searchParams);
  assert.deepEqual(kept, { width: "32", depth: "6", seed: "2" });
  await page.locator("#playground-seed").fill("lots");
  await page.keyboard.press("Tab");
  assert.match(await said.innerText(), /seed is a whole number .*: 0 in place of “lots”/);
  assert.equal(new URL(page.url()).searchParams.get("seed"), null);
  assert.deepEqual(complaints, []);
}

export async function stepsAreCountedAsTheyAreTaken(context, address) {
  const { page, complaints } = await open(context, address, `${NAME}?depth=4&nets=plain`);
  const step = page.getByRole("button", { name: "One step" });
  await step.click();
  await paused(page);
  assert.equal(await steps(page), 1);
  await page.getByRole("button", { name: "Train on" }).click();
  await paused(page);
  assert.equal(await steps(page), 100);
  await step.click();
  await paused(page);
  assert.equal(await steps(page), 101);
  await page.getByRole("button", { name: "Train on" }).click();
  await paused(page);
  assert.equal(await steps(page), 200);
  assert.deepEqual(complaints, []);
}

export async function theFocusStaysOnTheButtonThatWasPressed(context, address) {
  const { page } = await open(context, address, `${NAME}?depth=20`);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await page.focus("#playground-train");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#playground[data-phase=training]");
  assert.equal(await focused(), "Train");
  assert.equal(await page.getAttribute("#playground-train", "aria-disabled"), "true");
  await page.keyboard.press("Enter"); // does nothing, and breaks nothing
  await page.getByRole("button", { name: "Pause" }).focus();
  await page.keyboard.press("Enter");
  await paused(page);
  assert.equal(await focused(), "Pause");
  assert.ok((await steps(page)) < 100);
}

export async function aFingerHitsWhatItMeans(context, address) {
  for (const name of [NAME, "book/explorer.html"]) {
    const { page } = await open(context, address, name);
    await page.waitForSelector("#playground[data-phase], #explorer[data-ready]");
    const small = await page.locator(".interactive").first().evaluate((root, least) =>
      [...root.querySelectorAll("input, select, button, summary")]
        .filter((e) => e.checkVisibility())
        .map((e) => [e.id || e.textContent.trim(), e.getBoundingClientRect()])
        .filter(([, { width, height }]) => Math.min(width, height) < least)
        .map(([id, { width, height }]) => `${id}: ${width}x${height}`), FINGER);
    assert.deepEqual(small, []);
    await page.close();
  }
}

/** Degrees of a colour on the wheel. */
function hue(text) {
  const [r, g, b] = text.match(/[\d.]+/g).map(Number);
  const most = Math.max(r, g, b);
  const range = most - Math.min(r, g, b);
  const sixth = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  return (60 * sixth + 360) % 360;
}

export async function aKindHasItsColourAsInTheFigures(context, address) {
  const { page } = await open(context, address, NAME);
  for (const theme of ["light", "dark"]) {
    await page.evaluate((t) => { document.documentElement.dataset.theme = t; }, theme);
    const strokes = await page.locator("#playground tbody path.line").evaluateAll((lines) =>
      lines.map((line) => [line.getAttribute("class"), getComputedStyle(line).stroke]));
    assert.equal(new Set(strokes.map(([, stroke]) => stroke)).size, 4);
    for (const [net, stroke] of strokes) {
      const blue = hue(stroke) > 190 && hue(stroke) < 220;
      const orange = hue(stroke) > 15 && hue(stroke) < 40;
      assert.ok(net.includes("residual") ? blue : orange, `${net} is ${stroke} in the ${theme}`);
    }
  }
}

export async function theRunBeforeStaysFaintBehindTheNewOne(context, address) {
  const { page, complaints } = await open(context, address, `${NAME}?depth=4&nets=plain`);
  assert.equal(await page.locator("[data-before]").count(), 0);
  await page.click("#playground-train");
  await paused(page);
  const error = await page.locator("[data-error=plain]").innerText();
  await page.focus("#playground-depth");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("[data-before=plain]").innerText(), error);
  assert.equal(await page.locator("#playground .ghost path.line").count(), 2);
  assert.match(await page.locator("#playground .ghosts").innerText(), /the run before, with depth 4\./);
  assert.deepEqual(complaints, []);
}

export async function eachNetHasItsPicture(context, address) {
  const { page } = await open(context, address, `${NAME}?depth=12&shallow=4`);
  const said = await page.locator("#playground svg.net").evaluateAll((all) => all.map((e) => e.ariaLabel));
  assert.deepEqual(said, [
    "4 layers in a row, no shortcut",
    "4 layers in a row, 1 shortcut around two each",
    "12 layers in a row, no shortcut",
    "12 layers in a row, 5 shortcuts around two each",
  ]);
}
