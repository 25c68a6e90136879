/**
 * Third-party browser code: `npm ci` by the lock file, then the few files a page needs into ../assets/vendor.
 *
 *   node build.mjs          does nothing when manifest, lock and this file are those of the last build
 *   node build.mjs --lock   writes the lock file anew, without any address in it
 *
 * No bundler: maplibre-gl 6 is one self-contained ES module and one worker, and the wall's own modules need no build.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const VENDOR = resolve(HERE, "../assets/vendor");
const STAMP = join(VENDOR, "stamp.txt");
const LOCK = join(HERE, "package-lock.json");

const FONT = "@fontsource/barlow-semi-condensed";
/** [from node_modules, into vendor]; licences travel with what they license. */
const COPIES = [
  ["maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs"],
  ["maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"],
  ["maplibre-gl/LICENSE.txt", "maplibre-gl.LICENSE.txt"],
  ...[400, 500, 600, 700].map((weight) => [
    `${FONT}/files/barlow-semi-condensed-latin-${weight}-normal.woff2`,
    `fonts/barlow-semi-condensed-${weight}.woff2`,
  ]),
  [`${FONT}/LICENSE`, "fonts/barlow-semi-condensed.LICENSE.txt"],
];

function fingerprint() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json", "build.mjs"]) hash.update(readFileSync(join(HERE, file)));
  return hash.digest("hex");
}

function upToDate() {
  const whole = COPIES.every(([, to]) => existsSync(join(VENDOR, to))) && existsSync(join(HERE, "node_modules"));
  return whole && existsSync(STAMP) && readFileSync(STAMP, "utf8").trim() === fingerprint();
}

/** The npm that belongs to this node (a wheel's node has it beside itself, not on the PATH), else the PATH's. */
function npm(...words) {
  const beside = resolve(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  const [command, first] = existsSync(beside) ? [process.execPath, [beside]] : ["npm", []];
  const done = spawnSync(command, [...first, ...words], { cwd: HERE, stdio: ["ignore", "inherit", "inherit"] });
  if (done.error) throw new Error(`npm could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`npm ${words.join(" ")} ended with ${done.status}`);
}

/** Versions and hashes stay; addresses (of archives, of funding pages) go. */
function writeLock() {
  npm("install", "--package-lock-only", "--omit-lockfile-registry-resolved");
  const lock = JSON.parse(readFileSync(LOCK, "utf8"));
  for (const entry of Object.values(lock.packages)) {
    delete entry.resolved;
    delete entry.funding;
  }
  writeFileSync(LOCK, JSON.stringify(lock, null, 2) + "\n");
}

function copy(from, to) {
  const source = join(HERE, "node_modules", from);
  const target = join(VENDOR, to);
  mkdirSync(dirname(target), { recursive: true });
  if (!to.endsWith(".mjs")) return copyFileSync(source, target);
  // The source maps are not served: their comment would only make a browser's developer tools ask for them.
  writeFileSync(target, readFileSync(source, "utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
}

function build() {
  if (upToDate()) return console.log("frontend: up to date");
  npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  rmSync(VENDOR, { recursive: true, force: true });
  for (const [from, to] of COPIES) copy(from, to);
  writeFileSync(STAMP, fingerprint() + "\n");
  console.log(`frontend: ${COPIES.length} files in dashboard/assets/vendor`);
}

try {
  if (process.argv.includes("--lock")) writeLock();
  else build();
} catch (error) {
  console.error(`frontend: ${error.message}`);
  process.exit(1);
}
