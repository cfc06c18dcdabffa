// The figures of chapter 8 that a reader can change: their numbers against the records, the
// keyboard, pointers, a phone, paper, and what stays without scripts. RECORDS=folder has others.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LETTERS, opened as withTwins } from "./opened.mjs";
import { answer, open, SCREENS } from "./pages.mjs";

const NAME = "book/08-looking-inside.html";
const FOLDER =
  process.env.RECORDS ?? fileURLToPath(new URL("../../results/inside", import.meta.url));
// JSON has no infinity, and Python writes one.
const record = (name) =>
  JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf-8").replaceAll("Infinity", "1e999"));
const TARGET = 24; // pixels that a finger needs, at least, as the WCAG says

const opened = (context, address) => withTwins(context, address, NAME, 3);

/** "2.66 × 10⁻⁵" as a number. */
function number(text) {
  const [mantissa, power = "0"] = text.replaceAll(",", "").replace("−", "-").split(" × 10");
  const digits = power
    .replace(/[⁰-⁹¹²³]/g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign))
    .replace("⁻", "-");
  return Number.parseFloat(mantissa) * 10 ** Number(digits);
}

const near = (text, value) => {
  if (value === Infinity) return assert.equal(text, "∞");
  const off = Math.abs(number(text) - value);
  return assert.ok(off <= 0.006 * Math.abs(value), `${text} instead of ${value}`);
};

/** The errors on show, in per cent, and what the record has for the subset. */
async function compareErrors(page, subset, key) {
  const { nets } = record("board");
  for (const [kind, name] of [
    ["residual", "resnet20"],
    ["plain", "plain20"],
  ]) {
    const shown = await page.locator(`[data-error=${kind}]`).innerText();
    assert.equal(shown, `${nets[name][key][subset].toFixed(1)} %`);
    const alike = nets[name][key].filter((_, other) => ones(other) === ones(subset));
    const better = alike.filter((error) => error < nets[name][key][subset] - 1e-9).length;
    const cells = await page.locator(`tr[data-net=${name}] td`).allInnerTexts();
    assert.equal(cells[0], `${better + 1} of ${alike.length}`);
    assert.equal(cells[1], `${Math.min(...alike).toFixed(1)} %`);
    assert.equal(cells[3], `${Math.max(...alike).toFixed(1)} %`);
  }
}

const ones = (n) => [...n.toString(2)].filter((bit) => bit === "1").length;
const off = (page) => page.locator("[role=switch][aria-checked=false]").count();

export async function theBoardHasTheErrorsOfTheRecordAndTheKeyboardRemovesBlocks(context, address) {
  const { page, complaints } = await opened(context, address);
  await compareErrors(page, 0, "errors");
  for (const [name, key] of [
    ["conv2_2", "Space"],
    ["conv3_1", "Enter"],
  ]) {
    await page.getByRole("switch", { name }).focus();
    await page.keyboard.press(key);
  }
  await compareErrors(page, 2 + 8, "errors");
  const said = page.locator(".lesion-board [role=status]");
  assert.match(await said.innerText(), /2 of 9 blocks removed: conv2_2 and conv3_1\. Test error/);
  await page.getByLabel("Averages").focus();
  await page.keyboard.press("ArrowDown");
  await compareErrors(page, 2 + 8, "renewed");
  await page.getByRole("button", { name: "Restore all" }).click();
  assert.equal(await off(page), 0);
  const random = page.getByRole("button", { name: "Remove one at random" });
  await random.focus();
  for (let removed = 1; removed <= 10; removed += 1) {
    await page.keyboard.press("Enter");
    assert.equal(await off(page), Math.min(removed, 9));
  }
  await compareErrors(page, 511, "renewed");
  assert.equal(await random.evaluate((button) => button === document.activeElement), true);
  assert.equal(await random.getAttribute("aria-disabled"), "true");
  assert.deepEqual(complaints, []);
}

export async function pathsLightUpAndLengthsHaveTheNumbersOfTheRecord(context, address) {
  const { page, complaints } = await opened(context, address);
  const said = page.locator(".unrolled-paths [role=status]");
  await page.getByRole("radio", { checked: true }).focus();
  await page.keyboard.press("ArrowDown");
  assert.match(
    await said.innerText(),
    /Length 1: this path leads through block 2\..*8 paths, 3 have/,
  );
  await page.getByRole("radio", { name: "through blocks 1, 2 and 3" }).hover();
  assert.match(await said.innerText(), /Length 3: .* blocks 1, 2 and 3\. No other path/);
  assert.equal(await page.locator(".unrolled-paths .net .line.lit").count(), 2 + 3);

  const { resnet56, resnet20 } = record("paths").nets;
  const compare = async (net, length) => {
    const line = page.locator("[data-length]");
    assert.equal(await line.getAttribute("data-length"), String(length));
    const found = /\((.+) %\), (.+) % of the gradient; along one path its norm is (.+)\.$/;
    const [, share, contribution, gradient] = found.exec(await line.innerText());
    near(share, 100 * net.share[length]);
    near(contribution, 100 * net.contribution[length]);
    near(gradient, net.gradient[length]);
  };
  const most = (net) => net.contribution.indexOf(Math.max(...net.contribution));
  await compare(resnet56, most(resnet56));
  await page.getByLabel("Length of the path").focus();
  await page.keyboard.press("Home");
  for (let k = 0; k < 3; k += 1) await page.keyboard.press("ArrowRight");
  await compare(resnet56, 3);
  const text = await page.getByLabel("Length of the path").getAttribute("aria-valuetext");
  assert.match(text, /^Length 3: 2,925 of 134,217,728 paths/);
  const bar = await page.locator(".chart .contribution").nth(5).boundingBox();
  await page.mouse.move(bar.x + bar.width / 2, bar.y - 40);
  await compare(resnet56, 5);
  await page.getByLabel("Net", { exact: true }).selectOption("resnet20");
  await compare(resnet20, most(resnet20));
  assert.equal(await page.locator(".chart .share").count(), resnet20.blocks + 1);
  assert.deepEqual(complaints, []);
}

export async function oneCrosshairMovesInAllSlices(context, address) {
  const { page, complaints } = await opened(context, address);
  const { coordinates, nets } = record("slices");
  const middle = (coordinates.length - 1) / 2;
  const compare = async (i, j) => {
    const said = await page.locator(".slices [role=status]").innerText();
    for (const [name, net] of Object.entries(nets)) {
      const caption = page.locator(`figcaption[data-net=${name}]`);
      near(await caption.locator("[data-loss]").innerText(), net.losses[i][j]);
      near(await caption.locator("[data-eigenvalue]").innerText(), net.eigenvalue);
      assert.ok(said.includes(await caption.locator("[data-loss]").innerText()), said);
    }
    assert.equal(
      await page.locator("output[for=slice-first]").innerText(),
      coordinates[i].toFixed(2).replace("-", "−"),
    );
    const crosses = await page
      .locator(".slices .cross:not(.under)")
      .evaluateAll((all) => all.map((one) => one.getAttribute("d")));
    assert.equal(new Set(crosses).size, 1);
    assert.ok(crosses[0].startsWith(`M ${i + 0.5} 0`), crosses[0]);
  };
  await compare(middle, middle);
  await page.focus("#slice-first");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Tab");
  await page.keyboard.press("End");
  await compare(middle - 1, coordinates.length - 1);
  const box = await page.locator("#slice-plain56").boundingBox();
  const cell = box.width / coordinates.length;
  await page.mouse.move(box.x + 4.5 * cell, box.y + 2.5 * cell);
  await compare(4, coordinates.length - 3);
  await page.mouse.move(box.x + 0.5 * cell, box.y + 0.5 * cell);
  await compare(0, coordinates.length - 1);
  await page.getByRole("button", { name: "Back to the trained nets" }).click();
  await compare(middle, middle);
  assert.ok(await page.getByText("A slice proves nothing").isVisible());
  const shades = await page.locator("#slice-plain56").evaluate((canvas) => {
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: width ** 2 }, (_, k) => data[4 * k] + data[4 * k + 1]);
  });
  // Read off the picture, from the upper left: the lightest pixel is where the loss is largest.
  const n = coordinates.length;
  const read = shades.map((_, k) => nets.plain56.losses[k % n][n - 1 - Math.floor(k / n)]);
  const order = shades.map((_, k) => k).sort((a, b) => read[a] - read[b]);
  order
    .slice(1)
    .forEach((k, place) =>
      assert.ok(shades[k] >= shades[order[place]], "lightness is not monotone"),
    );
  assert.deepEqual(complaints, []);
}

export async function onAPhoneFingersFindTheBlocksAndTextIsLegible(context, address) {
  const { page, complaints } = await opened(context, address);
  await page.setViewportSize(SCREENS.phone);
  const small = await page.evaluate(
    ([target, letters]) => {
      const found = [];
      for (const one of document.querySelectorAll(
        ".twin :is(button, select, label:has([type=radio]), [type=range])",
      )) {
        const { width, height } = one.getBoundingClientRect();
        if (Math.min(width, height) < target)
          found.push(`${one.outerHTML.slice(0, 80)}: ${width}x${height}`);
      }
      for (const text of document.querySelectorAll(".twin svg text, .twin .ticks span")) {
        const scale = text.ownerSVGElement ? text.getScreenCTM().a : 1;
        const size = scale * Number.parseFloat(getComputedStyle(text).fontSize);
        if (size < letters) found.push(`${text.textContent} has letters of ${size} pixels`);
      }
      return found;
    },
    [TARGET, LETTERS],
  );
  assert.deepEqual(small, []);
  assert.deepEqual(complaints, []);
}

export async function aLinkToThePrintedFigureOpensItAndPaperShowsItAlone(context, address) {
  const { page, complaints } = await opened(context, address);
  const shown = () =>
    page
      .locator(".twin figure.align-default")
      .evaluateAll((all) => all.map((one) => one.checkVisibility()));
  const unfolded = () => page.locator(".twin > .still[open]").count();
  assert.equal(await unfolded(), 0);
  const id = await page.locator(".twin > .still figure").first().getAttribute("id");
  await page.goto(`${address}${NAME}#${id}`);
  await page.waitForSelector(`.still[open] #${id}`);
  await page.emulateMedia({ media: "print" });
  assert.deepEqual(await shown(), [true, true, true]);
  for (const part of [".interactive", "summary"]) {
    const seen = await page
      .locator(`.twin ${part}`)
      .evaluateAll((all) => all.some((one) => one.checkVisibility()));
    assert.equal(seen, false, part);
  }
  await page.evaluate(() => dispatchEvent(new Event("beforeprint"))); // for older browsers
  assert.equal(await unfolded(), 3);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await unfolded(), 1); // that which the reader opened
  assert.deepEqual(complaints, []);
}

export async function withoutScriptsOrDataThePrintedFigureStays(context, address) {
  const plain = await context.browser().newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(address + NAME);
  for (const twin of await still.locator(".twin").all()) {
    assert.ok(await twin.locator("figure").isVisible());
    assert.equal(await twin.locator("summary").isVisible(), false);
  }
  await plain.close();
  const page = await context.newPage();
  await page.route("**/twins/slices.json", (route) => route.fulfill({ status: 404 }));
  await page.goto(address + NAME);
  await page.waitForSelector("[data-twin=slices][data-state=failed]", { state: "attached" });
  await answer(page);
  assert.ok(await page.locator("[data-twin=slices] figure").isVisible());
  assert.equal(await page.locator("[data-twin=slices] > .interactive").isVisible(), false);
}

export async function otherPagesLoadNothingOfIt(context, address) {
  const { page } = await open(context, address, "index.html");
  const asked = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((resource) => resource.name),
  );
  assert.deepEqual(
    asked.filter((url) => url.includes("twins/")),
    [],
  );
}
