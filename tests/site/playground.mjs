// The playground as its reader uses it: it trains, shows degradation and its cure in time, and
// can be stopped. SEEDS=0,1,2,3 tries the experiment from several seeds.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

const SECONDS = 20; // to show degradation and its cure, on two cores
const WORSE = 20; // points of error that the deep plain net is behind, at least
const LEARNT = 5; // per cent: what the other two have at most when all steps are taken
const SEEDS = (process.env.SEEDS ?? "0").split(",");
const NAME = "book/playground.html";

async function errors(page) {
  const found = {};
  for (const net of ["shallow", "plain", "residual"]) {
    found[net] = Number.parseFloat(await page.locator(`[data-error=${net}]`).innerText());
  }
  return found;
}

export async function theDeepPlainNetIsWorseAndTheResidualOneIsNot(context, address) {
  for (const seed of SEEDS) {
    const { page, complaints } = await open(context, address, `${NAME}?seed=${seed}`);
    await page.waitForSelector("#playground[data-phase=idle]");
    await page.focus("#playground-train");
    const start = performance.now();
    await page.keyboard.press("Enter");
    const paused = "#playground[data-phase=paused]";
    const finished = page.waitForSelector(paused, { timeout: 300_000 });
    await Promise.race([finished, page.waitForTimeout(1000 * SECONDS)]);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const { shallow, plain, residual } = await errors(page);
    const steps = await page.locator("#playground caption").innerText();
    const came = `shallow ${shallow} %, plain ${plain} %, residual ${residual} %`;
    const said = `seed ${seed}: ${steps}, ${seconds} s: ${came}`;
    console.log(said);
    assert.ok(plain - shallow > WORSE, `no degradation. ${said}`);
    assert.ok(plain - residual > WORSE, `no cure. ${said}`);
    await finished;
    const last = await errors(page);
    for (const net of ["shallow", "residual"]) {
      assert.ok(last[net] < LEARNT, `${net}, which should learn, has ${last[net]} % in the end`);
    }
    assert.deepEqual(complaints, []);
    await page.close();
  }
}

export async function thePageAnswersWhileItTrainsStopsWhenToldAndGoesOn(context, address) {
  const { page, complaints } = await open(context, address, `${NAME}?depth=6&problem=rings`);
  await page.focus("#playground-train");
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    () => !document.querySelector("[data-error=plain]").innerText.includes("–"),
  );
  await page.getByRole("button", { name: "Pause" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#playground[data-phase=paused]");
  await page.getByRole("button", { name: "Train on" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#playground[data-phase=training]");
  await page.focus("#playground-depth"); // a change starts anew
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/depth=8/);
  assert.equal(await page.getAttribute("#playground", "data-phase"), "idle");
  assert.deepEqual(complaints, []);
}

export async function tensorFlowIsLoadedWhenAReaderTrainsAndNotBefore(context, address) {
  for (const name of ["book/explorer.html", NAME]) {
    const { page } = await open(context, address, name);
    await page.waitForSelector("#explorer[data-ready], #playground[data-phase=idle]");
    const asked = await page.evaluate(() =>
      performance.getEntriesByType("resource").map((resource) => resource.name),
    );
    assert.deepEqual(asked.filter((url) => /tensorflow|wasm/.test(url)), []);
  }
}
