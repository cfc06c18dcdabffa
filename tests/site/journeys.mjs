// What a reader does on the site, each as a function that throws where it fails.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

// What a reader types, and the page that must come first.
const SOUGHT = { bottleneck: /book\/04-bottleneck\.html/, pytorch: /book\/backends\.html/ };

export async function searchFindsTheRightPage(context, address) {
  for (const [words, place] of Object.entries(SOUGHT)) {
    const { page, complaints } = await open(context, address, "index.html");
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`search\\.html\\?q=${words}`));
    const first = page.locator("#search-results li a").first();
    await first.waitFor();
    assert.match(await first.getAttribute("href"), place);
    assert.deepEqual(complaints, []);
  }
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
  await page.goBack();
  await page.getByLabel("Search the book").fill("bottleneck");
  await page.keyboard.press("Enter");
  await page.waitForURL(/search\.html\?q=bottleneck/);
}

/** Chooses a mode: older versions of the theme go round the three, newer ones have a menu. */
async function choose(page, mode) {
  const chosen = () => page.evaluate(() => document.documentElement.dataset.mode);
  for (let i = 0; i < 3 && (await chosen()) !== mode; i++) {
    await page.locator("button.theme-switch-button:visible").first().click();
    const entry = page.locator(`.theme-change-button[data-mode=${mode}]:visible`);
    if (await entry.count()) await entry.first().click();
  }
  assert.equal(await chosen(), mode);
}

export async function theThemeIsChosenAndKept(context, address) {
  const { page, complaints } = await open(context, address, "book/01-degradation.html");
  for (const mode of ["light", "dark", "auto", "dark"]) await choose(page, mode);
  await page.goto(`${address}book/02-identity-shortcuts.html`);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.deepEqual(complaints, []);
}

export async function theThemesButtonKeepsTheFocusOfTheKeyboard(context, address) {
  const { page } = await open(context, address, "book/01-degradation.html");
  await page.locator("button.theme-switch-button:visible").first().focus();
  const mode = () => page.evaluate(() => document.documentElement.dataset.mode);
  const first = await mode();
  for (let i = 0; i < 50 && (await mode()) === first; i++) {
    await page.keyboard.press("Enter"); // the theme's script may not have come yet
    await page.waitForTimeout(100);
  }
  const seen = new Set([await mode()]);
  for (let i = 0; i < 2; i++) {
    await page.keyboard.press("Enter");
    seen.add(await mode());
  }
  assert.deepEqual([...seen].sort(), ["auto", "dark", "light"]);
}

export async function aChapterLeadsToTheNextPastItsNotebook(context, address) {
  const { page } = await open(context, address, "book/01-degradation.html");
  for (let i = 2; i <= 9; i++) {
    assert.match(await page.locator("nav.onward").innerText(), /Next chapter: /);
    await page.locator("nav.onward a").last().click();
    await page.waitForURL(new RegExp(`book/0${i}-`));
  }
  assert.equal(await page.locator("nav.onward", { hasText: "Next chapter" }).count(), 0);
  await page.locator("nav.onward a").click(); // the last chapter's notebook, which leads back
  await page.waitForURL(/notebooks\/09-/);
  await page.locator(".ways-in a").first().click();
  await page.waitForURL(/book\/09-/);
}

export async function theClaimsAreFoldedAndFiltered(context, address) {
  const { page, complaints } = await open(context, address, "book/claims.html");
  const height = await page.locator("article").evaluate((article) => article.offsetHeight);
  assert.ok(height < 5000, `the claims are ${height} pixels tall`);
  const rows = page.locator("table.claims tbody tr:visible");
  assert.equal(await rows.count(), 0);
  await page.getByLabel("Claims with the words").fill("bottleneck parameters");
  const found = await rows.count();
  assert.ok(found > 0 && found < 60, `${found} claims`);
  for (const text of await rows.allInnerTexts()) assert.match(text, /bottleneck/i);
  assert.match(await page.locator(".claims-filter [role=status]").innerText(), new RegExp(`^${found} `));
  await page.getByLabel("Claims with the words").fill("");
  assert.equal(await rows.count(), 0);
  assert.deepEqual(complaints, []);
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
  const inside = await page.evaluate(() => Boolean(document.activeElement.closest("article")));
  assert.ok(inside, "after the skip link the next stop is not in the text");
}
