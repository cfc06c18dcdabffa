// Pictures of pages to look at: shots.mjs FOLDER OUT NAME..., each in both themes, wide and narrow.
import { resolve } from "node:path";
import { launch } from "./browser.mjs";
import { SCREENS, THEMES, unfold } from "./pages.mjs";
import { PREPARED } from "./prepared.mjs";
import { serve } from "./serve.mjs";

const [folder, out, ...names] = process.argv.slice(2);
const site = await serve(resolve(folder));
const browser = await launch();
for (const name of names) {
  for (const theme of THEMES) {
    for (const [screen, viewport] of Object.entries(SCREENS)) {
      const page = await browser.newPage({ viewport, colorScheme: theme });
      await page.goto(site.address + name, { waitUntil: "load" });
      await PREPARED[name]?.(page);
      await unfold(page);
      await page.evaluate(() => {
        for (const image of document.images) image.loading = "eager";
      });
      await page.waitForLoadState("networkidle");
      await page.evaluate(() => {
        document.activeElement.blur();
        scrollTo(0, 0);
      });
      const file = `${name.replaceAll("/", "-").replace(".html", "")}-${theme}-${screen}.png`;
      await page.screenshot({ path: resolve(out, file), fullPage: true });
      await page.close();
    }
  }
}
await browser.close();
site.close();
