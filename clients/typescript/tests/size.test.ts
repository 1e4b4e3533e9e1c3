import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What an app's bundle gains by an entry of the package, in bytes after gzip, with all that the entry needs. */
async function gainBy(entry: string, ...peers: string[]): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: peers,
    write: false,
  });
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
}

test("the client is as small as the READMEs say", async () => {
  const size = await gainBy("index");
  for (const readme of ["../README.md", "../../../README.md"]) {
    const said = /(?:about|client of) (\d+\.\d) kB/.exec(readFileSync(new URL(readme, import.meta.url), "utf8"));
    assert.equal((size / 1000).toFixed(1), said?.[1], `${readme}: ${size} bytes`);
  }
});

test("the hooks, the composables and the interceptors are smaller than 1 kB each", async () => {
  for (const [entry, peer] of [
    ["react", "react"],
    ["vue", "vue"],
    ["axios", "axios"],
  ] as const) {
    const size = await gainBy(entry, peer);
    assert.ok(size > 100 && size < 1000, `${entry}: ${size} bytes`);
  }
});
