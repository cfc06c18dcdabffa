/**
 * A browser and the built site, for the tests: a static host, below a sub-path, as
 * simple as hosts get. Every request that leaves it, and every error, is kept.
 */
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';
import {fileURLToPath} from 'node:url';
import axe from 'axe-core';
import {chromium} from 'playwright-core';

const ROOT = process.env.SITE ?? fileURLToPath(new URL('../../_build/html', import.meta.url));
const BELOW = '/some/where/';
const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.woff2': 'font/woff2', '.woff': 'font/woff',
  '.png': 'image/png',
};

/** Where Chromium is: as CHROMIUM says, or in one of the usual places. */
function executable() {
  const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error('Expected Chromium in a usual place, or its path in CHROMIUM.');
  return found;
}

/** Starts host and browser; `close` ends both. */
export async function openSite() {
  if (!existsSync(join(ROOT, 'index.html'))) {
    throw new Error(`Expected the built site in ${ROOT}: build the book first.`);
  }
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    try {
      if (!path.startsWith(BELOW)) throw new Error('outside');
      const file = join(ROOT, normalize(path.slice(BELOW.length)));
      const body = await readFile(file);
      response.writeHead(200, {'content-type': TYPES[extname(file)] ?? 'application/octet-stream'});
      response.end(body);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({executablePath: executable(), args: ['--no-sandbox']});

  /**
   * A page, loaded. `faults` fills with errors and with requests to elsewhere.
   * @param {string} name such as book/explorer.html
   */
  async function visit(name, {width = 1280, theme = 'light', query = ''} = {}) {
    const context = await browser.newContext({viewport: {width, height: 900}, colorScheme: theme});
    const page = await context.newPage();
    const faults = [];
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}${BELOW}`) && !/^(data|blob):/.test(url)) faults.push(`asks ${url}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(`${origin}${BELOW}${name}${query}`);
    return {page, faults, leave: () => context.close()};
  }

  return {
    visit,
    close: async () => {
      await browser.close();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

/** What axe-core finds in the article, inside the theme's frame: rule and place. */
export async function findings(page) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => window.axe.run('.bd-article'));
  return violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target.join(' ')}`));
}

/** Widths of the document and of the window, which are the same where nothing sticks out. */
export const widths = (page) => page.evaluate(() => [
  document.documentElement.scrollWidth, document.documentElement.clientWidth]);
