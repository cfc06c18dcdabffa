// The explorer as its reader uses it: numbers, the keyboard, the address, what is refused.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

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
  assert.match(await page.getByRole("alert").innerText(), /at least 32\. Received: 31x31/);
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
