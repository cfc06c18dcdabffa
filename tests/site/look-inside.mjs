// The page "Look inside" as its reader uses it: its numbers against the net by hand, a picture of the
// reader's own and no request for it, the keyboard, a phone, paper.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { byHand, pixelsOf, size } from "./by-hand.mjs";
import { LETTERS } from "./opened.mjs";
import { axe, open, SCREENS } from "./pages.mjs";
import { png } from "./png.mjs";

const NAME = "book/look-inside.html";
const TARGET = 24; // pixels that a finger needs, at least, as the WCAG says
const READY = ".twin[data-state=ready]";
const data = () =>
  JSON.parse(
    readFileSync(join(resolve(process.argv[2] ?? "_build/html"), "_static/inside/net.json"), "utf-8"),
  );

/** The page, the net started by the keyboard. */
async function started(context, address, query = "") {
  const { page, complaints } = await open(context, address, NAME + query);
  if (!query) {
    await page.focus("#look-start");
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector(READY);
  return { page, complaints };
}

const loaded = (page) =>
  page.evaluate(() => performance.getEntriesByType("resource").map((resource) => resource.name));
const number = (text) => Number.parseFloat(text.replace("−", "-"));
const near = (text, value, off) => assert.ok(Math.abs(number(text) - value) <= off, `${text}: ${value}`);
const choose = (page, name, value) =>
  page.locator(`[name=look-${name}][value="${value}"]`).check({ force: true });

export async function nothingIsLoadedBeforeTheReaderAsksForIt(context, address) {
  const { page, complaints } = await open(context, address, NAME);
  await page.waitForSelector("#look-start");
  assert.deepEqual((await loaded(page)).filter((url) => /tensorflow|wasm|net\.json/.test(url)), []);
  assert.ok(await page.locator(".still figure").isVisible());
  await page.focus("#look-start");
  await page.keyboard.press("Enter");
  await page.waitForSelector(READY);
  assert.equal((await loaded(page)).filter((url) => /net\.json/.test(url)).length, 1);
  assert.equal(await page.locator(".still[open]").count(), 0);
  const focused = await page.evaluate(() => document.activeElement.getAttribute("name"));
  assert.equal(focused, "look-image");
  assert.deepEqual(complaints, []);
}

export async function theNumbersAreThoseOfTheNetByHand(context, address) {
  const net = data();
  const { page, complaints } = await started(context, address);
  for (const name of ["ring", "half disc"]) {
    const { stem, blocks, features, logits } = byHand(net, pixelsOf(net, name));
    await choose(page, "image", name);
    const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const whole = powers.reduce((a, b) => a + b);
    for (const [i, kind] of net.classes.entries()) {
      const cell = (key) => page.locator(`[data-${key}="${kind}"]`).innerText();
      near(await cell("probability"), (100 * powers[i]) / whole, 0.06);
      near(await cell("logit"), logits[i], 0.06);
    }
    assert.equal(await page.locator("[data-says]").innerText(), net.classes[powers.indexOf(1)]);
    for (const { name: block, ...maps } of blocks) {
      await choose(page, "block", block);
      const { channels } = maps.f;
      await page.locator("#look-channel").fill(String(channels));
      for (const [key, { values }] of Object.entries(maps)) {
        near(await page.locator(`[data-size=${key}]`).innerText(), size(values), 0.006);
        const own = values.filter((_, i) => i % channels === channels - 1);
        const range = await page.locator(`[data-range=${key}]`).innerText();
        if (key === "x" && block.endsWith("_1") && block !== "conv2_1") {
          assert.equal(range, "zeros");
        } else {
          const [low, high = low] = range.split(" to ");
          near(low, Math.min(...own), 0.06);
          near(high, Math.max(...own), 0.06);
        }
      }
      const ratio = await page.locator(`[data-ratio=${block}]`).innerText();
      near(ratio, size(maps.f.values) / size(maps.x.values), 0.006);
      const said = await page.locator(".place [role=status]").innerText();
      assert.ok(said.startsWith(`${block}: `) && said.includes(`${ratio} times`), said);
      assert.equal(said.includes("option A"), /conv[34]_1/.test(block));
    }
    await choose(page, "block", "stem");
    near(await page.locator("[data-size=stem]").innerText(), size(stem.values), 0.006);
    await choose(page, "block", "classifier");
    near(await page.locator("[data-size=means]").innerText(), size(features), 0.006);
  }
  assert.deepEqual(complaints, []);
}

/** The colour at the middle of every tile of a grid, from the upper left. */
const tiles = (page, key, across) =>
  page.locator(`canvas[data-all=${key}]`).evaluate((canvas, n) => {
    const tile = canvas.width / (n + (n - 1) / 8);
    const rows = Math.round((canvas.height / tile + 1 / 8) / (9 / 8));
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: rows * n }, (_, i) => {
      const at = (k) => Math.floor(k * tile * 1.125 + tile / 2);
      return [...data.slice(4 * (at(Math.floor(i / n)) * width + at(i % n)))].slice(0, 3);
    });
  }, across);

export async function coloursSayWhichNumberIsLarger(context, address) {
  const net = data();
  const { page, complaints } = await started(context, address, "?image=ring&block=conv3_1");
  const { x, f, sum } = byHand(net, pixelsOf(net, "ring")).blocks[3];
  const middle = ({ side, channels, values }) =>
    values.slice((((side / 2) * side + side / 2) * channels) | 0).slice(0, channels);
  const shown = [];
  for (const [key, maps] of Object.entries({ x, f, sum })) {
    const colours = await tiles(page, key, 4);
    middle(maps).forEach((value, i) => shown.push({ value, light: colours[i][0] + colours[i][1] }));
  }
  shown.sort((a, b) => a.value - b.value);
  assert.equal(shown.length, 3 * f.channels);
  shown.slice(1).forEach(({ value, light }, i) =>
    assert.ok(light >= shown[i].light, `${value} is darker than ${shown[i].value}`),
  );
  assert.ok(shown.at(-1).light > shown[0].light + 100);
  assert.deepEqual(complaints, []);
}

export async function theKeyboardDoesAllOfItAndTheAddressKeepsIt(context, address) {
  const { page, complaints } = await started(context, address);
  await page.keyboard.press("ArrowRight"); // the focus is on the images
  await page.waitForURL(/[?]image=ring$/);
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("Tab"); // past the choice of a file
  assert.equal(await page.evaluate(() => document.activeElement.value), "conv2_1");
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
  await page.waitForURL(/block=conv3_1$/);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "look-channel");
  await page.keyboard.press("End");
  await page.waitForURL(/channel=16$/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // the same in numbers
  assert.equal(await page.locator(".place tbody tr").count(), 16);
  const { search } = new URL(page.url());
  const again = await started(context, address, search);
  assert.equal(await again.page.evaluate(() => document.activeElement.tagName), "BODY");
  const said = (one) => one.locator(".place").innerText();
  await again.page.locator(".place summary").click();
  assert.equal(await said(again.page), await said(page));
  const wrong = await started(context, address, "?image=cat&block=conv9_9&channel=999");
  assert.equal(await wrong.page.locator("output[for=look-channel]").innerText(), "8 of 8");
  assert.ok(await wrong.page.locator("[name=look-image][value=disc]").isChecked());
  await choose(wrong.page, "block", "classifier");
  await choose(wrong.page, "block", "stem"); // fewer channels: the last one is shown
  assert.equal(await wrong.page.locator("output[for=look-channel]").innerText(), "8 of 8");
  assert.deepEqual([...complaints, ...again.complaints, ...wrong.complaints], []);
}

/** Red, green, blue of the picture as the net sees it, at a place. */
const seenAt = (page, x, y) =>
  page
    .locator("canvas[data-seen]")
    .evaluate((canvas, at) => {
      const own = { willReadFrequently: true }; // a copy that is read; the page's is painted only
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", own);
      copy.drawImage(canvas, 0, 0);
      return [...copy.getImageData(...at, 1, 1).data];
    }, [x, y]);

export async function aPictureOfTheReadersOwnIsLookedIntoAndNothingIsSent(context, address) {
  const { page, complaints } = await started(context, address);
  const requests = [];
  // With a new address Chromium asks for the page's icon again; that is no work of the page.
  const icon = await page.locator("link[rel~=icon]").evaluate((link) => link.href);
  context.on("request", (request) => {
    if (request.url() !== icon || request.postData()) requests.push(request.url());
  });
  // Wide: what lies left and right of the middle is cut off. Its upper half is light.
  const wide = png(256, 128, (x, y) => (x < 64 || x >= 192 ? [255, 0, 0] : y < 64 ? [250, 240, 20] : [10, 20, 230]));
  await page.locator("#look-file").setInputFiles({ name: "own.png", mimeType: "image/png", buffer: wide });
  await page.waitForSelector("[name=look-image][value=own]:checked", { state: "attached" });
  assert.deepEqual(await seenAt(page, 0, 3), [250, 240, 20, 255]);
  assert.deepEqual(await seenAt(page, 31, 28), [10, 20, 230, 255]);
  assert.match(await page.locator(".answer [role=status]").innerText(), /It calls your picture: /);
  const pixels = Array.from({ length: 1024 }, (_, i) => (i < 512 ? [250, 240, 20] : [10, 20, 230])).flat();
  const { logits } = byHand(data(), pixels);
  const best = data().classes[logits.indexOf(Math.max(...logits))];
  assert.equal(await page.locator("[data-says]").innerText(), best);
  await choose(page, "block", "conv4_3");
  await page.waitForURL(/[?]block=conv4_3$/); // the picture is in no address

  const text = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  await page.locator("#look-file").setInputFiles(text);
  assert.match(await page.locator("#look-inside [role=alert]").innerText(), /cannot read that file/);
  assert.ok(await page.locator("[name=look-image][value=own]").isChecked());
  const bytes = [...png(40, 40, () => [0, 128, 0])];
  await page.locator("#look-inside").evaluate((root, content) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(content)], "b.png", { type: "image/png" }));
    root.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  }, bytes);
  await page.waitForFunction(() => !document.querySelector("#look-inside [role=alert]"));
  assert.deepEqual(await seenAt(page, 16, 16), [0, 128, 0, 255]);
  await choose(page, "image", "bar");
  await choose(page, "image", "own");
  assert.deepEqual(await seenAt(page, 16, 16), [0, 128, 0, 255]);
  await page.waitForTimeout(300);
  assert.deepEqual(requests, []);
  assert.deepEqual(complaints, []);
}

export async function onAPhoneFingersFindEachChannelAndTextIsLegible(context, address) {
  const { page, complaints } = await started(context, address);
  await page.setViewportSize(SCREENS.phone);
  for (const [block, channels] of [
    ["conv2_1", 8],
    ["conv4_3", 32],
  ]) {
    await choose(page, "block", block);
    const grid = page.locator("[data-panel=f] .grid");
    await grid.scrollIntoViewIfNeeded();
    const { width, height, x, y } = await grid.boundingBox();
    const step = width / (4 - 1 / 9);
    assert.ok((step * 8) / 9 + 0.5 >= TARGET, `a channel of ${step} pixels`);
    assert.ok(Math.abs(height / step - (channels / 4 - 1 / 9)) < 0.1, `${height} high`);
    await page.mouse.click(x + step * 2.4, y + step * 1.4);
    assert.equal(await page.locator("output[for=look-channel]").innerText(), `7 of ${channels}`);
  }
  const small = await page.evaluate(
    ([target, letters]) => {
      const found = [];
      const targets = "button, select, label:has([type=radio]), [type=range], [type=file], summary";
      for (const one of document.querySelectorAll(`.twin :is(${targets})`)) {
        const { width, height } = one.getBoundingClientRect();
        if (Math.min(width, height) < target) found.push(`${one.outerHTML.slice(0, 80)}: ${width}x${height}`);
      }
      for (const one of document.querySelectorAll("#look-inside *")) {
        const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        const letter = Number.parseFloat(getComputedStyle(one).fontSize);
        if (own && letter < letters) found.push(`${one.textContent} has letters of ${letter} pixels`);
      }
      return found;
    },
    [TARGET, LETTERS],
  );
  assert.deepEqual(small, []);
  await page.setViewportSize(SCREENS.desktop);
  await page.waitForFunction(() => {
    const { width, height } = document.querySelector("[data-all=f]");
    return width > height; // eight channels side by side
  });
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(complaints, []);
}

export async function paperAndBrowsersWithoutScriptsHaveThePrintedFigure(context, address) {
  const plain = await context.browser().newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(address + NAME);
  assert.ok(await still.locator(".twin figure").isVisible());
  assert.equal(await still.locator(".twin summary").isVisible(), false);
  await plain.close();
  const { page, complaints } = await started(context, address);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".still figure").isVisible());
  for (const part of ["#look-inside", ".twin summary"]) {
    assert.equal(await page.locator(part).last().isVisible(), false, part);
  }
  assert.deepEqual(complaints, []);
}

export async function aNetThatDoesNotComeIsSaidAndCanBeAskedForAgain(context, address) {
  const page = await context.newPage();
  await page.route("**/inside/net.json", (route) => route.fulfill({ status: 404 }));
  await page.goto(address + NAME);
  await page.click("#look-start");
  const said = page.locator("#look-inside [role=status]");
  await said.filter({ hasText: "could not be started: net.json: 404" }).waitFor();
  assert.ok(await page.locator(".still figure").isVisible());
  await page.unroute("**/inside/net.json");
  await page.click("#look-start");
  await page.waitForSelector(READY);
}
