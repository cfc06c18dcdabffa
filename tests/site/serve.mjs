// Serves the built website as a plain static host does: below a sub-path, compressed.
import { createServer } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".woff": "font/woff",
  ".xml": "application/xml",
  ".txt": "text/plain; charset=utf-8",
  ".ipynb": "application/json",
  ".pdf": "application/pdf",
};
const STORED = new Set([".png", ".woff", ".pdf"]); // compressed as they are
const COMPRESSED = new Set(Object.keys(TYPES).filter((type) => !STORED.has(type)));

/** Starts a server for `folder` below `base` and returns { address, close }. */
export function serve(folder, base = "/a/sub-path/") {
  const kept = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    let file = path.startsWith(base) ? normalize(join(folder, path.slice(base.length))) : "";
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    const found = file.startsWith(folder) && existsSync(file);
    const shown = found ? file : join(folder, "404.html");
    const type = extname(shown);
    const headers = { "Content-Type": TYPES[type] ?? "application/octet-stream" };
    headers["Cache-Control"] = "max-age=600";
    if (!kept.has(shown)) {
      const bytes = existsSync(shown) ? readFileSync(shown) : Buffer.from("Not found");
      kept.set(shown, COMPRESSED.has(type) ? gzipSync(bytes) : bytes);
    }
    if (COMPRESSED.has(type)) headers["Content-Encoding"] = "gzip";
    response.writeHead(found ? 200 : 404, headers).end(kept.get(shown));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = `http://127.0.0.1:${server.address().port}${base}`;
      resolve({ address, close: () => server.close() });
    });
  });
}
