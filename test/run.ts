// `npm test`: builds what the tests need, runs every test file, and fails if nothing ran or, in CI, if a test was
// skipped.
import { globSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { ensureArtifact } from "../cli/artifacts/artifacts.ts";
import { createProgress } from "../cli/output.ts";
import { CATALOGUE } from "../models/catalogue.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Two processes keep two cores busy; the heaviest files start whole networks. */
const CONCURRENCY = 2;
/** The longest test runs every command of README; a test that hangs must not hang the run. */
const TEST_TIMEOUT_MS = 300_000;

const USAGE = `usage: npm test -- [FILE…]

Runs the test files that are given, or all of them (five to ten minutes).`;

const given = process.argv.slice(2);
const option = given.find((argument) => argument.startsWith("-"));
if (option === "--help" || option === "-h") {
  console.log(USAGE);
  process.exit();
}
if (option !== undefined) {
  console.error(`error: there is no option ${option}\n\n${USAGE}`);
  process.exit(1);
}
for (const entry of CATALOGUE) await ensureArtifact(entry, createProgress(`model ${entry.name}`));
const files = given.length > 0 ? given : globSync("test/**/*.test.ts", { cwd: root }).sort();
const counts = { passed: 0, failed: 0, skipped: 0 };
/** The report comes file by file, in order; this says meanwhile that something happens. */
const PROGRESS_EVERY_TESTS = 100;
const stream = run({ files, cwd: root, concurrency: CONCURRENCY, timeout: TEST_TIMEOUT_MS });
stream.on("test:pass", ({ details, skip, todo }) => {
  if (details.type === "suite") return;
  if (skip !== undefined || todo !== undefined) counts.skipped++;
  else counts.passed++;
});
let completed = 0;
stream.on("test:complete", () => {
  if (++completed % PROGRESS_EVERY_TESTS === 0)
    process.stderr.write(`${completed} tests of ${files.length} files are done\n`);
});
stream.on("test:fail", () => counts.failed++);
for await (const line of stream.compose(spec)) process.stdout.write(line);

const problem =
  counts.failed > 0
    ? "tests failed"
    : counts.passed === 0
      ? "no test ran"
      : counts.skipped > 0 && process.env.CI
        ? "tests were skipped, and in CI none may be"
        : null;
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (problem !== null) {
  console.error(`error: ${problem}`);
  process.exitCode = 1;
}
