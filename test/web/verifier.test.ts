// The verifier as a stranger uses it: one file, opened from a disk in a browser that may not reach the network.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { closeEvidence } from "../../client/evidence.ts";
import { formatHex, utf8 } from "../../protocol/bytes.ts";
import { encodeFaultProof } from "../../protocol/fault-proof.ts";
import { MAX_POLICY_BYTES } from "../../protocol/limits.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { createPage } from "../../web/verifier/build.ts";
import { examine } from "../../web/verifier/examine.ts";
import { createConflict, createFaultProof, HONEST, lieAt } from "../protocol/conflicts.ts";
import { BLOCKS, createCertificateFile, createWorker, ENGINE, MODEL } from "../protocol/fixtures.ts";
import { SAMPLE_POLICY } from "../protocol/policies.ts";
import { openPage, type Page } from "./browser.ts";

const MAX_GZIPPED_BYTES = 40_000;

const names = { [formatHex(MODEL)]: "moderate-mobilenet-v2" };
const html = await createPage(names);
const [a, b, c] = [await createWorker("a"), await createWorker("b"), await createWorker("c")];
const certificate = await createCertificateFile([a, b, c], "standard");
const evidence = await createConflict(HONEST, lieAt(1));

let folder: string;
let page: Page;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-verifier-"));
  const path = join(folder, "verify.html");
  await writeFile(path, html);
  page = await openPage(pathToFileURL(path).href);
});
after(async () => {
  await page[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The text of each card, once all of them are there. */
async function show(files: Readonly<Record<string, Uint8Array>>): Promise<string[]> {
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    }),
  );
  await page.evaluate(`document.querySelector("#findings").replaceChildren()`);
  await page.chooseFiles("#files", paths);
  return page.evaluate(`new Promise((resolve) => {
    const look = () => {
      const cards = [...document.querySelectorAll("article")].map(({ innerText }) => innerText);
      cards.length === ${paths.length} ? resolve(cards) : requestAnimationFrame(look);
    };
    look();
  })`);
}

test("the whole page is at most 40 KB gzipped and names nothing to fetch", () => {
  assert.ok(gzipSync(html).length <= MAX_GZIPPED_BYTES, `${gzipSync(html).length} bytes`);
  assert.doesNotMatch(html, /\b(src|href)=|@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|WebAssembly/);
});

test("a certificate says who signed, what, and under which policies it holds", async () => {
  const [card] = await show({ "boats.qc": certificate });
  for (const part of [
    "boats.qc",
    "3 operators of 3 providers signed the same bytes",
    "a.example",
    "provider-c",
    "0.25, 0.75",
    formatHex(MODEL),
    formatHex(ENGINE),
  ])
    assert.ok(card!.includes(part), `${part} is not in:\n${card}`);
  assert.match(card!, /standard \(the asker's\)\s+✔ yes/);
  assert.match(card!, /strict\s+no: needs 5 distinct operators of 3 providers/);
});

test("the answer of a model that the page knows by name is said in words", async () => {
  const data = new Uint8Array(Float32Array.of(0.0625, 0, 0.875, 0, 0.0625).buffer);
  const result = { outputs: [{ dtype: "f32", shape: [1, 5], data }], blocks: BLOCKS } as const;
  const file = await createCertificateFile([a, b], "standard", undefined, { result });
  const [card] = await show({ "boats.qc": file });
  assert.match(card!, /The answer\s+neutral, 87\.5 %\s+Label\s+Share\s+drawing\s+6\.3 %/);
  assert.match(card!, /Model: moderate-mobilenet-v2, by the names of the machine that made this page/);
});

test("an output that is none of the model of its name is shown as numbers", async () => {
  const [card] = await show({ "boats.qc": certificate });
  assert.match(card!, /The answer\s+Output\s+Values\s+f32 \[1, 2\]\s+0\.25, 0\.75/);
});

test("the page is the same whenever it is made of the same names, and knows none where none is given", async () => {
  assert.equal(await createPage(names), html);
  assert.ok(html.includes(formatHex(MODEL)));
  assert.ok(!(await createPage({})).includes(formatHex(MODEL)));
});

test("a changed certificate is not believed", async () => {
  const changed = certificate.slice();
  changed[changed.length - 1]! ^= 1;
  const [card] = await show({ "changed.qc": changed });
  assert.match(card!, /✘ Not valid: do not rely on it/);
});

test("a file of something else is called so, and a picture is told who computes answers", async () => {
  const other = /Not a certificate, evidence, fault proof or policy\./;
  const computes =
    /This page does not compute answers; quorate verify CERTIFICATE --rerun --image PICTURE does\./;
  const cards = await show({
    "photo.png": Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
    "photo.jpg": Uint8Array.of(0xff, 0xd8, 0xff, 0xe0),
    "noise.bin": Uint8Array.of(0xff, 0xd8, 0xfe),
    "long.txt": utf8("#".repeat(MAX_POLICY_BYTES + 1)),
  });
  for (const card of cards) assert.match(card, other);
  assert.deepEqual(
    cards.map((card) => computes.test(card)),
    [true, true, false, false],
  );
});

test("a text that is no policy has the message of its line", async () => {
  const [card] = await show({ "README.md": utf8("# Quorate\n\nQuorate is a network.\n") });
  assert.match(card!, /✘ No file of Quorate, or a damaged one/);
  assert.match(card!, /read as a policy file: line 3 of the policy: what is "Quorate"\?/);
});

test("a page that fails says so, and does not seem to go on checking", async () => {
  await page.evaluate(`Blob.prototype.whole = Blob.prototype.arrayBuffer;
    Blob.prototype.arrayBuffer = () => Promise.reject(new Error("the disk is gone"));`);
  try {
    const [card] = await show({ "boats.qc": certificate });
    assert.match(card!, /This page failed: Error: the disk is gone/);
  } finally {
    await page.evaluate(`Blob.prototype.arrayBuffer = Blob.prototype.whole; null`);
  }
  const [card] = await show({ "boats.qc": certificate });
  assert.match(card!, /✔ Holds/);
});

test("evidence and a fault proof are shown with what they rest on", async () => {
  const proof = encodeFaultProof(await createFaultProof(evidence));
  const [opened, closed, judged] = await show({
    "opened.evidence": evidence,
    "closed.evidence": await closeEvidence(evidence),
    "judged.proof": proof,
  });
  assert.match(opened!, /At least one of the two is at fault.*It holds the question/s);
  assert.match(closed!, /holds neither input nor outputs/);
  assert.match(
    judged!,
    /a referee signed that b\.example \(key [\w-]{43}\) is at fault.*It rests on that signature/s,
  );
});

test("a certificate that names a policy from a file needs that file beside it", async () => {
  const policy = await parsePolicy(SAMPLE_POLICY);
  const workers = [await createWorker("alder"), await createWorker("cedar")];
  const file = await createCertificateFile(workers, policy.reference);
  const [alone] = await show({ "own.qc": file });
  assert.match(alone!, /✘ Not valid.*policy_missing/s);
  const cards = await show({ "own.qc": file, "sample.policy": SAMPLE_POLICY });
  assert.match(cards[0]!, /file sample\.policy \(the asker's\)\s+✔ yes/);
  assert.match(cards[1]!, /✔ A policy/);
  assert.ok(cards[1]!.includes(formatHex(policy.reference as Uint8Array)));
});

for (const width of [390, 780, 1280]) {
  test(`nothing is cut off where the page is ${width} pixels wide`, async () => {
    await page.setWidth(width);
    await show({
      "boats.qc": certificate,
      "x.evidence": evidence,
      "x.proof": encodeFaultProof(await createFaultProof(evidence)),
    });
    const cut = await page.evaluate(`[...document.querySelectorAll("article")].flatMap((card) =>
      [...card.querySelectorAll("*")].filter((part) =>
        part.getBoundingClientRect().right > card.getBoundingClientRect().right ||
        (part.clientWidth > 0 && part.scrollWidth > part.clientWidth)).map(({ outerHTML }) => outerHTML))`);
    assert.deepEqual(cut, []);
    assert.ok(await page.evaluate(`document.documentElement.scrollWidth <= innerWidth`));
  });
}

test("where there is no room for columns each cell says which it is of", async () => {
  await page.setWidth(390);
  const [card] = await show({ "x.evidence": evidence });
  assert.doesNotMatch(card!, /Signed output/, "the head of the table is shown");
  const label = `getComputedStyle(document.querySelector("td:last-child"), "::before").content`;
  assert.match(await page.evaluate<string>(label), /^"Signed output.*: "$/);
});

test("names in a file are text on the page", async () => {
  const [card] = await show({ "<img src=x onerror=alert(1)>.qc": certificate });
  assert.match(card!, /<img src=x/);
  assert.equal(await page.evaluate(`document.images.length`), 0);
});

test("the page asks nobody, and may not", async () => {
  const blocked = await page.evaluate(`new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective));
    fetch("http://127.0.0.1:9/").catch(() => {});
  })`);
  assert.equal(blocked, "connect-src");
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith("file:")),
    [],
  );
});

test("each file has a finding, in the order in which they were given", async () => {
  const given = { "sample.policy": SAMPLE_POLICY, "x.evidence": evidence, "boats.qc": certificate };
  const files = Object.entries(given).map(([name, bytes]) => ({ name, bytes }));
  assert.deepEqual(
    (await examine(files)).map(({ name, kind }) => [name, kind]),
    [
      ["sample.policy", "policy"],
      ["x.evidence", "evidence"],
      ["boats.qc", "certificate"],
    ],
  );
  assert.deepEqual(await examine([]), []);
});
