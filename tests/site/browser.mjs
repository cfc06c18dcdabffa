// Finds Chromium and starts it. Where there is none, says what to install.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The path of Chromium. Ends the program where there is none. */
export function executable() {
  const found = PLACES.find((path) => path && existsSync(path));
  if (!found) {
    console.error(
      "No Chromium on this machine. The website's tests and the PDF need one: install Debian's or " +
        "Ubuntu's package `chromium`, or Chrome, or name its executable: CHROMIUM=/path/to/chromium",
    );
    process.exit(1);
  }
  return found;
}

// Containers and the machines of continuous integration have no user namespaces for the sandbox;
// the pages are our own.
export const FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"];

export function launch() {
  return chromium.launch({ executablePath: executable(), args: FLAGS });
}
