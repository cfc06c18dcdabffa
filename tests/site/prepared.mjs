// What happens on a page before it is looked at: the pages that compute have computed.

/** The figures that a reader can change are there. */
const twins = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll(".twin")].every((twin) => twin.dataset.state === "ready"),
  );

export const PREPARED = {
  "book/05-cifar10.html": async (page) => {
    await twins(page);
    for (const box of ["8", "14"]) {
      await page.locator(".recorded-runs").getByLabel(box, { exact: true }).check({ force: true });
    }
  },
  "book/explorer.html": async (page) => {
    await page.waitForSelector("#explorer[data-ready]");
    await page.getByRole("button", { name: "conv2_x" }).first().click();
  },
  "book/08-looking-inside.html": async (page) => {
    await twins(page);
    for (const name of ["conv2_2", "conv3_1"]) await page.getByRole("switch", { name }).click();
    await page.focus("#slice-first");
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  },
  "book/look-inside.html": async (page) => {
    await page.click("#look-start");
    await page.waitForSelector(".twin[data-state=ready]");
    await page.locator("[name=look-image][value=ring]").check({ force: true });
    await page.locator("[name=look-block][value=conv3_1]").check({ force: true });
  },
  "book/playground.html": async (page) => {
    await page.focus("#playground-depth");
    await page.keyboard.press("Home"); // few layers: it is the look that counts here
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowRight");
    await page.focus("#playground-train");
    await page.keyboard.press("Enter");
    const title = page.locator("#playground caption");
    await title.filter({ hasText: /after (1[0-9]|[2-9][0-9]|100) steps/ }).waitFor();
    await page.getByRole("button", { name: "Pause" }).evaluate((button) => button.click());
    await page.waitForSelector("#playground[data-phase=paused]", { timeout: 300_000 });
  },
};
