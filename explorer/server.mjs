// Serves dist/ on this machine, under any path: `node server.mjs [PORT] [PATH]`.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".txt": "text/plain" };
const dist = fileURLToPath(new URL("dist", import.meta.url));

export function serve(port, base) {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const name = pathname.startsWith(base) ? normalize(`/${pathname.slice(base.length) || "index.html"}`) : null;
    const content = name === null ? null : await readFile(join(dist, name)).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(content);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base = process.argv[3] ?? "/";
  const server = await serve(Number(process.argv[2] ?? 8080), base);
  console.log(`http://127.0.0.1:${server.address().port}${base}`);
}
