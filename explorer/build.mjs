// Bundles the page into dist/. The module must have been compiled and its JavaScript been generated into wasm/ before.

import { readFileSync, readdirSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const MAX_GZIPPED = 1_500_000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("dist");

/// The repository's examples, by their names.
function examples() {
  const read = (folder, group, settings) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".yaml") && name !== "settings.yaml")
      .map((name) => {
        const words = name.replace(/\.yaml$/, "").replaceAll("-", " ");
        const title = words[0].toUpperCase() + words.slice(1);
        return { group, title, manifest: readFileSync(join(folder, name), "utf8"), settings };
      });
  const repairs = here("../examples/repairs");
  return [...read(here("../examples"), "Checked", ""), ...read(repairs, "Repaired", readFileSync(join(repairs, "settings.yaml"), "utf8"))];
}

const plugin = {
  name: "explorer",
  setup(build) {
    build.onResolve({ filter: /^examples$/ }, () => ({ path: "examples", namespace: "examples" }));
    build.onLoad({ filter: /.*/, namespace: "examples" }, () => ({ contents: JSON.stringify(examples()), loader: "json" }));
    build.onResolve({ filter: /^explorer-wasm$/ }, () => ({ path: here("wasm/explorer.js") }));
  },
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await build({
  absWorkingDir: here("."),
  entryPoints: ["src/main.js", "src/worker.js", "src/style.css"],
  outdir: dist,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  plugins: [plugin],
  logLevel: "warning",
});
await copyFile(here("src/index.html"), join(dist, "index.html"));
await copyFile(here("wasm/explorer_bg.wasm"), join(dist, "explorer.wasm"));

let total = 0;
for (const name of readdirSync(dist).sort()) {
  const bytes = readFileSync(join(dist, name));
  const gzipped = gzipSync(bytes, { level: 9 }).length;
  total += gzipped;
  console.log(`${name.padEnd(24)} ${String(bytes.length).padStart(9)} bytes, ${String(gzipped).padStart(7)} gzipped`);
}
console.log(`${"in all".padEnd(24)} ${" ".repeat(9)}        ${String(total).padStart(7)} gzipped`);
if (MAX_GZIPPED < total) {
  console.error(`That is more than ${MAX_GZIPPED} bytes.`);
  process.exitCode = 1;
}
