// The pages' content security policy: it refuses, each refusal is a complaint, and the site works.
import assert from "node:assert/strict";
import { open, REFUSAL } from "./pages.mjs";

const NAME = "book/01-degradation.html";

/* What a page must not be able to do, as functions that try it in the page. */
const FORBIDDEN = {
  "a script put into the page": () => {
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.head.append(script);
  },
  "a script from another host": () => {
    const script = document.createElement("script");
    script.src = "https://example.org/a.js";
    document.head.append(script);
  },
  "a script made of text": () => {
    setTimeout("globalThis.ran = true", 0);
  },
  "a script in an attribute": () => {
    const button = document.createElement("button");
    button.setAttribute("onclick", "globalThis.ran = true");
    button.click();
  },
  "a style attribute": () => document.body.setAttribute("style", "--ran: 1"),
  "a style sheet in the page": () => {
    const sheet = document.createElement("style");
    sheet.textContent = "body { --ran: 1 }";
    document.head.append(sheet);
  },
  "a picture from another host": () => {
    new Image().src = "https://example.org/a.png";
  },
  "a request to another host": () => {
    fetch("https://example.org/").catch(() => {});
  },
  "a frame": () => {
    const frame = document.createElement("iframe");
    frame.src = location.href;
    document.body.append(frame);
  },
  "another base for its addresses": () => {
    const base = document.createElement("base");
    base.href = "https://example.org/";
    document.head.append(base);
  },
  "a form that leads elsewhere": () => {
    const form = document.createElement("form");
    form.action = "https://example.org/";
    document.body.append(form);
    form.submit();
  },
};

const ran = (page) =>
  page.evaluate(
    () => Boolean(globalThis.ran || getComputedStyle(document.body).getPropertyValue("--ran")),
  );

/** Each in a context of its own, whose refusals are expected. */
export async function whatIsForbiddenIsRefusedAndComplainedOf(context, address) {
  for (const [what, attempt] of Object.entries(FORBIDDEN)) {
    const trial = await context.browser().newContext();
    const { page, complaints } = await open(trial, address, NAME);
    assert.deepEqual(complaints, [], what);
    await page.evaluate(attempt);
    const end = performance.now() + 10_000;
    while (!complaints.some((text) => REFUSAL.test(text)) && performance.now() < end) {
      await page.waitForTimeout(50);
    }
    assert.match(complaints.join("\n"), REFUSAL, `${what} is not complained of`);
    assert.equal(await ran(page), false, `${what} has done something`);
    await trial.close();
  }
}

/** The same page without its policy does it: so it is the policy that refuses. */
export async function withoutThePolicyTheSameWouldHappen(context, address) {
  const trial = await context.browser().newContext();
  await trial.route(`**/${NAME}`, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
    await route.fulfill({ response: answer, body });
  });
  for (const what of ["a script put into the page", "a script made of text", "a style attribute"]) {
    const { page, complaints } = await open(trial, address, NAME);
    await page.evaluate(FORBIDDEN[what]);
    await page.waitForTimeout(100);
    assert.equal(await ran(page), true, what);
    assert.deepEqual(complaints, []);
  }
  await trial.close();
}

export async function theThemesButtonsPrintAndFillTheScreen(context, address) {
  const { page, complaints } = await open(context, address, NAME);
  await page.evaluate(() => {
    globalThis.print = () => {
      globalThis.printed = true;
    };
  });
  await page.locator(".dropdown-download-buttons > button").click();
  await page.locator("button.btn-download-pdf-button").click();
  assert.equal(await page.evaluate(() => globalThis.printed), true);
  await page.locator("button.btn-fullscreen-button").click();
  await page.waitForFunction(() => document.fullscreenElement === document.documentElement);
  assert.deepEqual(complaints, []);
}
