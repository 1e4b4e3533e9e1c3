/** Packs the package as it would be published, and lets publint and attw (Are the types wrong?) look at it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The npm that runs this: which one the PATH leads to depends on how Node was installed.
const npm = process.env["npm_execpath"];
if (!npm) throw new Error("Run it by npm: npm run package");

const folder = mkdtempSync(join(tmpdir(), "latchkey-client-"));
const node = (...args) => execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
try {
  const [{ filename, files }] = JSON.parse(node(npm, "pack", "--json", "--silent", "--pack-destination", folder));
  const packed = files.map(({ path }) => path);
  const missing = ["LICENSE", "README.md", "CHANGELOG.md", "dist/index.js", "src/index.ts"].filter(
    (path) => !packed.includes(path),
  );
  if (missing.length > 0) throw new Error(`The package lacks ${missing.join(", ")}`);
  const tarball = join(folder, filename);
  check("publint/src/cli.js", tarball, "--strict");
  // README.md says why it is an ES module and nothing else.
  check("@arethetypeswrong/cli/dist/index.js", tarball, "--profile", "esm-only");
} finally {
  rmSync(folder, { recursive: true });
}

function check(tool, ...args) {
  try {
    node(join("node_modules", tool), ...args);
  } catch (failure) {
    console.error(failure.stdout);
    process.exitCode = 1;
  }
}
