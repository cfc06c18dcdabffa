// What a reader does on the site, each as a function that throws where it fails.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

export async function searchFindsTheRightPage(context, address) {
  const { page, complaints } = await open(context, address, "index.html");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("bottleneck");
  await page.keyboard.press("Enter");
  await page.waitForURL(/search\.html\?q=bottleneck/);
  const first = page.locator("#search-results li a").first();
  await first.waitFor();
  assert.match(await first.getAttribute("href"), /book\/04-bottleneck\.html/);
  assert.deepEqual(complaints, []);
}

export async function aLinkShowsWhatItLeadsTo(context, address) {
  const { page, complaints } = await open(context, address, "book/01-degradation.html");
  const preview = page.locator("#preview");
  await page.locator('article a.reference.internal[href="#fig-nested"]').first().focus();
  await preview.locator("figcaption", { hasText: "The thought experiment" }).waitFor();
  assert.ok(await preview.locator("img:visible").evaluate((image) => image.decode().then(() => 1)));
  await page.keyboard.press("Escape");
  await preview.waitFor({ state: "detached" });
  await page.locator('article a.reference.internal[href*="references.html#"]').first().hover();
  await preview.locator("text=Deep Residual Learning").waitFor();
  await page.mouse.move(2, 2);
  await page.locator('article a.reference.internal[href="#equation-eq-nested"]').first().focus();
  await preview.locator("math").waitFor();
  assert.deepEqual(complaints, []);
}

export async function withoutAScriptThePageCanBeRead(context, address) {
  const plain = await context.browser().newContext({ javaScriptEnabled: false });
  const { page } = await open(plain, address, "book/01-degradation.html");
  assert.equal(await page.locator("figure img.only-dark:visible").count(), 0);
  assert.ok(await page.locator("math").first().isVisible());
  await plain.close();
}

export async function aWrongAddressIsExplained(context, address) {
  const page = await context.newPage();
  const answer = await page.goto(`${address}no-such-page.html`);
  assert.equal(answer.status(), 404);
  await page.locator("a", { hasText: "front page" }).click();
  await page.waitForURL(/index\.html/);
}

export async function theThemeIsChosenAndKept(context, address) {
  const { page } = await open(context, address, "book/01-degradation.html");
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const seen = new Set();
  for (let i = 0; i < 3; i++) {
    await page.locator("button.theme-switch-button:visible").first().click();
    seen.add(await page.evaluate(() => document.documentElement.dataset.mode));
  }
  assert.deepEqual([...seen].sort(), ["auto", "dark", "light"]);
  while ((await theme()) !== "dark") {
    await page.locator("button.theme-switch-button:visible").first().click();
  }
  await page.goto(`${address}book/02-identity-shortcuts.html`);
  assert.equal(await theme(), "dark");
}

export async function aSolutionOpensByTheKeyboard(context, address) {
  const { page } = await open(context, address, "book/01-degradation.html");
  const solution = page.locator(".solution.dropdown").first();
  const button = solution.locator("button, summary").first();
  const content = solution.locator("p", { hasText: "overfitting" });
  assert.equal(await content.isVisible(), false);
  await button.focus();
  await page.keyboard.press("Enter");
  await content.waitFor({ state: "visible" });
}

export async function codeIsCopied(context, address) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { page } = await open(context, address, "notebooks/01-degradation.html");
  const cell = page.locator("div.highlight", { hasText: "datasets.load()" }).first();
  await cell.hover();
  await cell.locator("button.copybtn").click();
  await page.waitForFunction(async () =>
    (await navigator.clipboard.readText()).includes("datasets.load()"),
  );
}

export async function previousAndNextLeadThroughTheBook(context, address) {
  const { page } = await open(context, address, "index.html");
  let pages = 1;
  while (await page.locator("a.right-next").count()) {
    const name = await page.locator("a.right-next .prev-next-title").innerText();
    await page.locator("a.right-next").click();
    await page.waitForLoadState();
    const heading = await page.locator("article h1").first().innerText();
    assert.ok(heading.includes(name.split(". ").at(-1)), `${name} led to ${heading}`);
    pages += 1;
  }
  assert.ok(pages > 10, `only ${pages} pages are reached`);
}

export async function theKeyboardReachesTheText(context, address) {
  const { page } = await open(context, address, "book/01-degradation.html");
  await page.keyboard.press("Tab");
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  assert.equal(await focused(), "Skip to main content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const inside = await page.evaluate(() =>
    Boolean(document.activeElement.closest("main, #main-content")),
  );
  assert.ok(inside, "after the skip link the focus is not in the text");
}
