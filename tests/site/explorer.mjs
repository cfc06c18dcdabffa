// The explorer as its reader uses it: numbers, the keyboard, the address, what is refused.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { LETTERS } from "./opened.mjs";
import { open, SCREENS } from "./pages.mjs";

/** The explorer, opened with a state in its address and ready. */
async function explorer(context, address, query = "") {
  const opened = await open(context, address, `book/explorer.html${query}`);
  await opened.page.waitForSelector("#explorer[data-ready]");
  return opened;
}

/** What a row of the sums says of the first network (0) or the second (1). */
async function sum(page, title, column) {
  const row = page.locator("table.sums tr", { hasText: title });
  return (await row.locator("td").nth(column).innerText()).split(" ")[0];
}

export async function theNumbersOfTable1StandOnThePage(context, address) {
  const { page, complaints } = await explorer(context, address);
  assert.equal(await sum(page, "Parameters", 0), "25,557,032"); // as torchvision has it, too
  assert.equal(await sum(page, "Parameters", 1), "21,797,672");
  assert.equal(new URL(page.url()).search, "");
  assert.deepEqual(complaints, []);
}

export async function theKeyboardChoosesAndTheAddressKeepsTheChoice(context, address) {
  const { page, complaints } = await explorer(context, address);
  await page.getByLabel("Classes").first().focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("10");
  await page.keyboard.press("Tab"); // to the shortcut option
  await page.keyboard.press("ArrowDown");
  await page.waitForURL(/classes=10&option=C/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "explorer-option-1");
  const button = page.getByRole("button", { name: "conv3_x" }).first();
  await button.focus();
  await page.keyboard.press("Enter");
  assert.equal(await button.getAttribute("aria-expanded"), "true");
  assert.ok(await page.getByText("conv3_1_proj_conv").isVisible());
  const counted = await sum(page, "Multiply-adds", 0);

  const other = await explorer(context, address, new URL(page.url()).search);
  assert.equal(await sum(other.page, "Multiply-adds", 0), counted);
  assert.deepEqual([...complaints, ...other.complaints], []);
}

export async function theNamesStandInTwoGroupsAndNoneBehindThem(context, address) {
  const { page, complaints } = await explorer(context, address, "?net=seresnet50&net2=resnet50d");
  const groups = await page.locator("#explorer-net-2").evaluate((select) =>
    [...select.children].map((child) => child.label + " " + child.children[0]?.value),
  );
  assert.deepEqual(groups, ["Until 2015 plain8", "After 2015 preresnet20", "none undefined"]);
  assert.equal(await page.getByLabel("Network").first().inputValue(), "seresnet50");
  const edges = await page.locator("svg.network text").evaluateAll((texts) =>
    texts.map((text) => {
      const { x, width } = text.getBBox();
      return x + width - text.ownerSVGElement.viewBox.baseVal.width;
    }),
  );
  assert.ok(Math.max(...edges) <= 0, "a word of the diagram is cut off");
  assert.deepEqual(complaints, []);
}

export async function anInputTooSmallIsRefusedWithTheReason(context, address) {
  const query = "?size=31&net2=resnet110&size2=8x4";
  const { page, complaints } = await explorer(context, address, query);
  assert.match(await page.getByRole("alert").innerText(), /at least 32\. Received: 31$/);
  assert.equal(await page.locator("svg.network").count(), 1); // the other network stays
  assert.deepEqual(complaints, []);
}

export async function chaptersLeadToNetworksInTheExplorer(context, address) {
  const { page, complaints } = await open(context, address, "book/03-resnet34.html");
  await page.getByRole("link", { name: "VGG-19 beside ResNet-34" }).click();
  await page.waitForSelector("#explorer[data-ready]");
  assert.equal(new URL(page.url()).search, "?net=vgg19&net2=resnet34");
  assert.equal(await page.getByLabel("Network").first().inputValue(), "vgg19");
  await page.goto(`${address}book/04-bottleneck.html`);
  await page.getByRole("link", { name: "both side by side" }).click();
  await page.waitForSelector("#explorer[data-ready]");
  assert.equal(await page.getByLabel("Bottleneck stride").nth(1).inputValue(), "3x3");
  assert.equal(await page.locator("svg.network").count(), 2);
  assert.deepEqual(complaints, []);
}

export async function whatIsWrongIsSaidAtItsFieldAsItWasTyped(context, address) {
  const wrong = { net: "__proto__", size: "1e9", classes: "many", option: "D", stride: "null", batch: "0" };
  for (const [key, typed] of Object.entries(wrong)) {
    const { page, complaints } = await explorer(context, address, `?${key}=${typed}`);
    const field = page.locator(`#explorer-${key}${key === "batch" ? "" : "-1"}`);
    assert.equal(await field.getAttribute("aria-invalid"), "true", key);
    const said = page.locator(`#${await field.getAttribute("aria-describedby")}`);
    assert.ok((await said.innerText()).endsWith(`Received: ${typed}`), await said.innerText());
    const [from, to] = [await field.boundingBox(), await said.boundingBox()];
    assert.ok(to.y - from.y < 60, `what is wrong with ${key} stands ${to.y - from.y} px below it`);
    assert.deepEqual(complaints, []);
    await page.close();
  }
}

export async function aBoxAndItsRowAreOne(context, address) {
  const { page, complaints } = await explorer(context, address, "?net2=none");
  await page.locator("svg.network a", { hasText: "3x3 conv, 64" }).first().focus();
  await page.keyboard.press("Enter");
  const row = page.locator("tr.chosen");
  assert.match(await row.innerText(), /conv2_1_2_conv/);
  assert.ok(await row.locator("button").evaluate((e) => e === document.activeElement));
  const explained = page.locator("tr.explained");
  assert.match(await explained.innerText(), /3 × 3 × 64 × 64 = 36,864 parameters.*19x19 pixels/);
  await page.getByRole("button", { name: "conv2_2_1_conv" }).click(); // a block that is drawn with others
  assert.equal(await page.locator("svg.network a.chosen").count(), 1);
  assert.match(await page.locator("svg.network a.chosen").textContent(), /1x1 conv, 64/);
  await page.getByRole("button", { name: "conv2_2_1_conv" }).click();
  assert.equal(await page.locator(".chosen").count(), 0);
  assert.deepEqual(complaints, []);
}

export async function aBatchMultipliesTheActivations(context, address) {
  const { page, complaints } = await explorer(context, address, "?batch=32");
  const number = async (title) => Number((await sum(page, title, 0)).replaceAll(",", ""));
  const one = await number("Activations kept for one image");
  assert.equal(await number("Activations kept for 32 images"), 32 * one);
  assert.deepEqual(complaints, []);
}

export async function whatIsShownCanBeTakenAlong(context, address) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { page, complaints } = await explorer(context, address, "?net=resnet20&classes=7");
  await page.getByRole("button", { name: "Copy the link" }).click();
  await page.getByText("Copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
  assert.match(await page.locator("pre.code").first().innerText(), /build\("resnet20", num_classes=7\)$/);
  const taken = async (name) => {
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name }).first().click(),
    ]);
    return [file.suggestedFilename(), readFileSync(await file.path(), "utf-8")];
  };
  const [table, rows] = await taken("Layers as CSV");
  assert.equal(table, "resnet20-32x32.csv");
  assert.match(rows, /^stage,layer,.*\nconv1,/);
  const [picture, drawn] = await taken("Diagram as SVG");
  assert.equal(picture, "resnet20-32x32.svg");
  assert.match(drawn, /^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.ok(drawn.includes('stroke="rgb(') && !drawn.includes("var("));
  assert.deepEqual(complaints, []);
}

export async function onAPhoneTwoDiagramsCanBeComparedAndRead(context, address) {
  for (const [viewport, least] of [[SCREENS.phone, LETTERS], [SCREENS.desktop, 11]]) {
    const { page } = await explorer(context, address);
    await page.setViewportSize(viewport);
    const found = await page.locator("svg.network").evaluateAll((all) => all.map((svg) => {
      const { top, width } = svg.getBoundingClientRect();
      const scale = width / svg.viewBox.baseVal.width;
      const sizes = [...svg.querySelectorAll("text")].map((t) => parseFloat(getComputedStyle(t).fontSize));
      return { top, smallest: scale * Math.min(...sizes) };
    }));
    assert.equal(found[0].top, found[1].top);
    for (const { smallest } of found) assert.ok(smallest >= least, `letters of ${smallest} px`);
    await page.close();
  }
}
