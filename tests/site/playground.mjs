// The playground as its reader uses it: it trains, shows degradation and its cure in time, and
// can be stopped. SEEDS=0,1,2,3 tries the experiment from several seeds.
import assert from "node:assert/strict";
import { open } from "./pages.mjs";

const SECONDS = 20; // to show degradation and its cure, on two cores
const WORSE = 20; // points of error that the deep plain net is behind, at least
const LEARNT = 5; // per cent: what the other two have at most when all steps are taken
const SEEDS = (process.env.SEEDS ?? "0").split(",");
const NAME = "book/playground.html";
const PAYS = 15; // points of error that depth saves the residual net on the long spirals, at least
const COSTS = 5; // and costs the plain net
const BEGINNINGS = { "book/01-degradation.html": 2, "book/02-identity-shortcuts.html": 4 };

/** The error of each net that is shown, by its name. */
async function errors(page) {
  const cells = await page.locator("[data-error]").all();
  const found = cells.map(async (cell) => [
    await cell.getAttribute("data-error"),
    Number.parseFloat(await cell.innerText()),
  ]);
  return Object.fromEntries(await Promise.all(found));
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

/** As chapters 1 and 2 have set it up: one press, and depth costs the plain net and pays with shortcuts. */
export async function aChapterBeginsWithAnExperimentThatIsSetUp(context, address) {
  for (const [name, nets] of Object.entries(BEGINNINGS)) {
    for (const seed of SEEDS) {
      const { page, complaints } = await open(context, address, `${name}?seed=${seed}`);
      await page.focus("#playground-train");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#playground[data-phase=paused]", { timeout: 300_000 });
      const found = await errors(page);
      const said = `${name}, seed ${seed}: ${JSON.stringify(found)}`;
      console.log(said);
      assert.equal(Object.keys(found).length, nets, said);
      assert.equal(await page.locator("#playground canvas").count(), nets, said);
      assert.ok(found.plain - found.shallow > COSTS, `depth does not cost the plain net. ${said}`);
      if (nets > 2) {
        const saved = found["shallow-residual"] - found.residual;
        assert.ok(saved > PAYS, `depth does not pay. ${said}`);
        assert.ok(found.shallow > found.residual + COSTS, `a shallow net does as well. ${said}`);
      }
      assert.deepEqual(complaints, []);
      await page.close();
    }
  }
}

export async function aChaptersExperimentCanBeChangedAndItsAddressSaysOnlyWhatWas(context, address) {
  const name = "book/02-identity-shortcuts.html";
  const { page, complaints } = await open(context, address, name);
  const folded = page.locator("#playground details", { hasText: "Change the experiment" });
  assert.equal(await page.locator("#playground-depth").isVisible(), false);
  await folded.locator("summary").focus();
  await page.keyboard.press("Enter");
  await page.focus("#playground-depth");
  await page.keyboard.press("ArrowRight");
  await page.waitForURL(/[?]depth=26$/);
  await page.locator("#playground-nets").selectOption("plain");
  assert.equal(await page.locator("[data-error]").count(), 2);
  assert.equal(await folded.getAttribute("open"), "");
  await page.locator("#playground-nets").selectOption("all");
  await page.focus("#playground-depth");
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(new RegExp(`${name}$`));
  assert.deepEqual(complaints, []);
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
