// What people type, and the page that they want.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

const FIRST = {
  "skip connection": "book/02-identity-shortcuts",
  "residual connections": "book/02-identity-shortcuts",
  license: "book/about",
  "stride 3x3": "book/04-bottleneck",
  "ResNet-50": "book/04-bottleneck",
  ImageNet: "book/07-imagenet",
  "CIFAR-10": "book/05-cifar10",
  "learning rate": "book/05-cifar10",
  "option B": "book/02-identity-shortcuts",
  "degradation problem": "book/01-degradation",
  "transfer learning": "book/06-transfer",
};
const AMONG = {
  warmup: ["book/causes", "book/05-cifar10", "book/07-imagenet", "book/09-after-2015"],
  "resnet50 parameters": ["book/04-bottleneck", "book/explorer"],
};

/** The pages that a search finds, best first. */
async function found(page, address, query) {
  await page.goto(`${address}search.html?q=${encodeURIComponent(query)}`);
  await page.locator("#search-results .search-summary", { hasText: /\S/ }).waitFor();
  const links = page.locator("#search-results li > a");
  return links.evaluateAll((all) => all.map((a) => a.getAttribute("href").replace(".html", "")));
}

export async function whatPeopleTypeLeadsToItsPage(context, address) {
  const { page, complaints } = await open(context, address, "index.html");
  for (const [query, wanted] of Object.entries(FIRST)) {
    const all = await found(page, address, query);
    assert.equal(all[0], wanted, query);
    assert.ok(!all.some((name) => name.startsWith("book/claims")), `${query} finds the claims`);
  }
  for (const [query, wanted] of Object.entries(AMONG)) {
    const first = (await found(page, address, query)).slice(0, wanted.length + 1);
    for (const name of wanted) assert.ok(first.includes(name), `${query}: ${first}`);
  }
  assert.deepEqual(complaints, []);
}

export async function oneSpellingFindsWhatTheOtherDoes(context, address) {
  const { page } = await open(context, address, "index.html");
  for (const [one, other] of [["batch normalization", "batch normalisation"], ["warmup", "warm-up"], ["license", "licence"]]) {
    const names = async (query) => (await found(page, address, query)).filter((name) => !name.includes("#"));
    assert.deepEqual(await names(one), await names(other));
  }
}

export async function aLetterIsNotMarkedAllOverThePage(context, address) {
  const { page } = await open(context, address, "index.html");
  await found(page, address, "option B");
  await page.locator("#search-results li > a").first().click();
  await page.waitForURL(/02-identity/);
  const marked = page.locator("span.highlighted");
  await marked.first().waitFor({ state: "attached" });
  const words = await marked.evaluateAll((all) => [...new Set(all.map((e) => e.textContent.toLowerCase()))]);
  assert.deepEqual(words, ["option"]);
}
