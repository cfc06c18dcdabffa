// What a reader does with a prediction, on any page of the book that has one.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

/** The pages that ask, from the list that the book itself makes. */
async function pages(context, address) {
  const { page } = await open(context, address, "book/predictions.html");
  const links = await page.locator("[data-prediction] a").evaluateAll((all) => all.map((a) => a.href));
  await page.close();
  return links.map((link) => link.slice(address.length));
}

const named = (page, link) => page.locator(`#${link.split("#")[1]}`);

/** One prediction, made by the keyboard: rightly where there are choices. Can it be right or wrong? */
async function predicted(page, link) {
  const box = named(page, link);
  const kind = await box.getAttribute("data-kind");
  assert.ok(!(await box.locator(".answer").isVisible()), `${link} is open before anybody chose`);
  if (kind === "choose") {
    const right = await box.getAttribute("data-right");
    await box.locator(`form input[value="${right}"]`).focus();
    await page.keyboard.press("Space");
  } else if (kind === "number") {
    await box.locator("form input").focus();
    await page.keyboard.type("-123456789");
  }
  await box.locator("button[type=submit]").focus();
  await page.keyboard.press("Enter");
  await box.locator(".answer").waitFor({ state: "visible" });
  assert.equal(await box.getAttribute("data-state"), { choose: "right", number: "wrong", open: "shown" }[kind]);
  const stuck = await box.locator(".answer input:disabled").count();
  assert.equal(stuck, 0, `${link}: what is inside the answer cannot be used`);
  return kind !== "open";
}

export async function anAnswerOpensWhenTheReaderHasChosen(context, address) {
  const links = await pages(context, address);
  assert.ok(links.length > 0);
  let chosen = 0;
  for (const name of new Set(links.map((link) => link.split("#")[0]))) {
    const { page, complaints } = await open(context, address, name);
    for (const link of links.filter((one) => one.startsWith(`${name}#`))) {
      chosen += await predicted(page, link);
    }
    assert.deepEqual(complaints, []);
    await page.close();
  }
  const { page } = await open(context, address, "book/predictions.html");
  const sum = await page.locator(".predictions [role=status]").textContent();
  assert.ok(sum.includes(`of ${chosen} right`), `${sum} after ${chosen} predictions`);
}

export async function aPredictionIsKeptShownAndTakenBack(context, address) {
  const link = (await pages(context, address))[0];
  let { page } = await open(context, address, link);
  await named(page, link).locator(".choice").last().click();
  await named(page, link).locator("button[type=submit]").click();
  const said = await named(page, link).locator("[role=status]").textContent();
  assert.match(said, /^You said: .+\./);
  await page.close();
  ({ page } = await open(context, address, link));
  assert.equal(await named(page, link).locator("[role=status]").textContent(), said);
  await named(page, link).locator(".back").click();
  assert.ok(!(await named(page, link).locator(".answer").isVisible()));
  await page.close();
  ({ page } = await open(context, address, link));
  assert.ok(!(await named(page, link).locator(".answer").isVisible()), "it came back");
  await named(page, link).locator(".skip").click();
  assert.match(await named(page, link).locator("[role=status]").textContent(), /without a prediction/);
}
