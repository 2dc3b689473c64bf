// Error messages are read after "error: " and before a code, so they are fragments: `seat is 9; it must be 0 to 63`.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const FOLDERS = "{bench,cli,client,durable-objects,engine,models,protocol,tasks,wasm,workers}";

/** First words that are written with a capital wherever they stand. */
const PROPER =
  /^(?:[A-Z][A-Z0-9_]+s?|Ed25519|WebAssembly|Deno|Bun|Node|Cloudflare|Wrangler|TensorFlow)(?![A-Za-z])/;

/** What stands in front of a message: an error that is made, or a failure that is told as data. */
const SITES = /\bnew \w*Error\(|\bmust\(|\bdetail(?::|\s=)\s*(?=["`])/g;

/** The text literals of an expression, in order, with `…` for what is filled in; nested templates are left out. */
function readLiterals(source: string, start: number): string[] {
  const literals: string[] = [];
  let depth = source[start - 1] === "(" ? 1 : 0;
  const isBare = depth === 0; // a property: one literal and no more
  for (let index = start; index < source.length; index++) {
    const character = source[index]!;
    if (character === '"' || character === "`") {
      const end = findEnd(source, index);
      literals.push(withoutFills(source.slice(index + 1, end)));
      index = end;
      if (isBare) return literals;
    } else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character) && --depth === 0) return literals;
  }
  return literals;
}

/** A template with `…` for each expression in it. */
function withoutFills(template: string): string {
  const start = template.indexOf("${");
  if (start < 0) return template;
  return `${template.slice(0, start)}…${withoutFills(template.slice(findBrace(template, start + 2) + 1))}`;
}

/** The index of the quote that ends the literal which begins at `start`; a template may hold others. */
function findEnd(source: string, start: number): number {
  const quote = source[start]!;
  for (let index = start + 1; index < source.length; index++) {
    if (source[index] === "\\") index++;
    else if (source[index] === quote) return index;
    else if (quote === "`" && source.startsWith("${", index)) index = findBrace(source, index + 2);
  }
  return source.length;
}

/** The index of the brace that ends what is filled in from `start` on. */
function findBrace(source: string, start: number): number {
  for (let index = start, depth = 1; index < source.length; index++) {
    const character = source[index]!;
    if (character === '"' || character === "`") index = findEnd(source, index);
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return index;
  }
  return source.length;
}

/** Every message of a source, as far as it is literal. A code and the texts of a cause are among the literals. */
function readMessages(source: string): string[] {
  return [...source.matchAll(SITES)].flatMap(({ 0: site, index }) =>
    readLiterals(source, index + site.length),
  );
}

/** Errors that people meet; of what a program decodes, the code and the limit say enough. */
const MET =
  /\bnew (?:Cli|Undecided|Network|Policy|Transport|Registry|Verification)Error\(|(?<!function )\bfault\(/g;
const CODE = /^[a-z]+(?:_[a-z]+)+$/;
/** Messages around another's, which has its own way out. */
const AROUND = /^(?:…|line … of the policy|…: nothing was decided): …$/;

/** One text for each such error that says something literal. */
function readWhole(source: string): string[] {
  return [...source.matchAll(MET)]
    .map(({ 0: site, index }) => readLiterals(source, index + site.length))
    .map((literals) => literals.filter((literal) => !CODE.test(literal)).join(""))
    .filter((text) => text !== "" && text !== "cancelled" && !AROUND.test(text));
}

function hasWayOut(message: string): boolean {
  return /;|\bmust\b|\blimit\b/.test(message);
}

function findFault(message: string): string | null {
  if (/[^.]\.\s*$/.test(message)) return "ends in a full stop";
  if (/^[A-Z]/.test(message) && !PROPER.test(message)) return "starts with a capital";
  return null;
}

test("an error message is a fragment: no capital at its start, no full stop at its end", () => {
  let count = 0;
  const faults: string[] = [];
  for (const path of globSync(`${FOLDERS}/**/*.ts`, { cwd: fileURLToPath(root) })) {
    for (const message of readMessages(readFileSync(new URL(path, root), "utf8"))) {
      const fault = findFault(message);
      if (fault !== null) faults.push(`${path}: "${message}" ${fault}`);
      count++;
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(count > 300, `${count} messages: the sources were not read`);
});

test("an error that people meet tells the way out, behind a semicolon or as what must be", () => {
  let count = 0;
  const without: string[] = [];
  for (const path of globSync(`${FOLDERS}/**/*.ts`, { cwd: fileURLToPath(root) })) {
    for (const message of readWhole(readFileSync(new URL(path, root), "utf8"))) {
      if (!hasWayOut(message)) without.push(`${path}: "${message}"`);
      count++;
    }
  }
  assert.deepEqual(without, []);
  assert.ok(count > 100, `${count} messages: the sources were not read`);
});

test("the reader of messages sees through concatenation, templates and nesting", () => {
  const source =
    'throw new CodedError("some_code", `The @{join(["a", `b`])} is @{x ? "y" : "z"}.` + "Then. ");\n' +
    'const failure = { detail: "No." };\nthrow new TypeError(`HTTP says @{status}`);';
  const messages = readMessages(source.replaceAll("@{", "$" + "{"));
  assert.deepEqual(messages, ["some_code", "The … is ….", "Then. ", "No.", "HTTP says …"]);
  assert.deepEqual(messages.map(findFault), [
    null,
    "ends in a full stop",
    "ends in a full stop",
    "ends in a full stop",
    null,
  ]);
  assert.equal(findFault("Not here"), "starts with a capital");
  assert.equal(findFault("ED25519 keys"), null);
});
