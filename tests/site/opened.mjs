// A page with figures that a reader can change, once all of them are there.
import assert from "node:assert/strict";
import { answer, open } from "./pages.mjs";

export const LETTERS = 9; // pixels of the smallest text, at least

export async function opened(context, address, name, twins) {
  const { page, complaints } = await open(context, address, name);
  const ready = () =>
    [...document.querySelectorAll(".twin")].every((twin) => twin.dataset.state === "ready");
  await page.waitForFunction(ready);
  await answer(page);
  assert.equal(await page.locator(".twin").count(), twins);
  return { page, complaints };
}
