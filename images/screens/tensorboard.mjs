// The picture of TensorBoard in "Repairing a notebook", after `make setup` and `npm ci` in tests/site:
//   .venv/bin/python -m helpers repair published --data cifar10 --seed 0 --tensorboard logs/published
//   node images/screens/tensorboard.mjs logs
import { spawn } from "node:child_process";
import { launch } from "../../tests/site/browser.mjs";

const [folder] = process.argv.slice(2);
const port = 6106;
const board = spawn(".venv/bin/tensorboard", ["--logdir", folder, "--port", port], { stdio: "ignore" });
const browser = await launch();
try {
  const page = await browser.newPage({
    viewport: { width: 1000, height: 640 },
    deviceScaleFactor: 1.5,
    colorScheme: "light",
  });
  const address = `http://localhost:${port}/?smoothing=0&darkMode=false#timeseries`;
  for (let tries = 0; ; tries += 1) {
    try {
      await page.goto(address, { waitUntil: "networkidle" });
      break;
    } catch (error) {
      if (tries === 30) throw error;
      await page.waitForTimeout(1000);
    }
  }
  await page.waitForSelector("card-view");
  await page.getByText("Ignore outliers in chart scaling").click();
  await page.locator("button", { hasText: "Settings" }).last().click();
  await page.locator("input[placeholder=\"Filter tags (regex)\"]").fill("error");
  await page.keyboard.press("Escape");
  await page.waitForTimeout(3000);
  await page.screenshot({ path: "images/screens/repair-tensorboard.png" });
} finally {
  await browser.close();
  board.kill();
}
