// Prints the book on one page of HTML as a PDF: pdf.mjs FOLDER FILE
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [folder, file] = process.argv.slice(2).map((path) => resolve(path));
const site = await serve(folder);
const browser = await launch();
const page = await browser.newPage({ colorScheme: "light" });
await page.goto(`${site.address}index.html`, { waitUntil: "load", timeout: 120_000 });
await page.evaluate(async () => {
  for (const image of document.images) image.loading = "eager";
  for (const closed of document.querySelectorAll("details")) closed.open = true;
  for (const hidden of document.querySelectorAll(".toggle-hidden")) {
    hidden.classList.remove("toggle-hidden");
  }
  await document.fonts.ready;
});
await page.waitForLoadState("networkidle");
await page.pdf({
  path: file,
  format: "A4",
  margin: { top: "20mm", bottom: "20mm", left: "18mm", right: "18mm" },
  displayHeaderFooter: true,
  headerTemplate: "<span></span>",
  footerTemplate:
    '<div style="width:100%;text-align:center;font:9px sans-serif"><span class="pageNumber"></span></div>',
  printBackground: true,
  outline: true,
  tagged: true,
  timeout: 300_000,
});
await browser.close();
site.close();
console.log(`${file}, ${Math.round(statSync(file).size / 1024)} KB`);
