// Evidence about a shipped model, judged, closed and opened at a block by the program.
import assert from "node:assert/strict";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Bytes } from "../../protocol/bytes.ts";
import { evidenceDigest, openEvidence } from "../../protocol/evidence.ts";
import { encodeFaultProof } from "../../protocol/fault-proof.ts";
import { judgeEvidence } from "../../protocol/judge.ts";
import { type Judgement, signJudgement } from "../../protocol/judgement.ts";
import { NOW } from "../protocol/fixtures.ts";
import {
  createEvidence,
  createServing,
  HERE,
  honest,
  inputs,
  LIED_IN,
  lie,
  model,
} from "../support/evidence.ts";
import { createProgram, lastLine } from "./program.ts";

const program = await createProgram();
after(() => program.remove());

const referee = await createServing("referee", HERE, true);

async function write(name: string, bytes: Bytes): Promise<string> {
  const path = join(program.state, name);
  await writeFile(path, bytes);
  return path;
}

const evidence = await createEvidence();
const path = await write("conflict.evidence", evidence);
const read = async (name: string) => new Uint8Array(await readFile(name));

/** Of `--json`: the domains of those at fault. */
function liarsOf(line: Record<string, unknown>): string[] {
  const sides = line.sides as { operator: string; atFault: boolean }[];
  return sides.filter(({ atFault }) => atFault).map(({ operator }) => operator);
}

test("judge runs the whole model and names the liar", async () => {
  const shown = await program.run("judge", path);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^ {10}operator +provider +key of the operator +signed at$/m);
  assert.match(shown.stdout, /^✘ LIED {4}liar\.example/m);
  assert.match(shown.stdout, /^✔ right {3}right\.example/m);
  assert.match(shown.stdout, /holds the question/);
  const line = lastLine(await program.run("judge", path, "--json"));
  assert.deepEqual([line.decided, line.scope, liarsOf(line)], [true, "model", ["liar.example"]]);
});

test("judge --block decides by the first block that differs, from the input or from that block alone", async () => {
  const out = join(program.state, "block.evidence");
  const fromInput = lastLine(await program.run("judge", path, "--block", "--out", out, "--json"));
  const alone = lastLine(await program.run("judge", out, "--block", "--json"));
  for (const line of [fromInput, alone]) {
    assert.deepEqual([line.scope, line.block, liarsOf(line)], ["block", LIED_IN, ["liar.example"]]);
  }
  assert.deepEqual([fromInput.opened, alone.opened], ["input", "block"]);
  assert.equal((await openEvidence(await read(out))).opening?.at, "block");
  assert.ok(!Buffer.from(await read(out)).includes(Buffer.from(inputs[0]!.data)));
  assert.match((await program.run("judge", out)).stdout, /before and behind it was not judged/);
});

test("judge --close writes a file without the question, which verify takes and judge does not", async () => {
  const closed = join(program.state, "closed.evidence");
  const finished = await program.run("judge", path, "--close", closed);
  assert.match(finished.stdout, /closed: it holds neither input nor outputs/);
  assert.equal((await openEvidence(await read(closed))).opening, null);
  const verified = await program.run("verify", closed);
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /closed: it holds neither/);
  assert.match((await program.run("verify", path)).stdout, /opened at the input/);
  const judged = await program.run("judge", closed);
  assert.equal(judged.status, 2);
  assert.match(judged.stderr, /\[evidence_closed\]/);
});

test("judge says that both lied", async () => {
  const both = await write("both.evidence", await createEvidence([lie(LIED_IN, 1), lie(LIED_IN, 2)]));
  for (const options of [[], ["--block"]]) {
    const { stdout, status } = await program.run("judge", both, ...options);
    assert.equal(status, 0);
    assert.match(stdout, /both signed what no honest worker signs/);
    assert.equal(stdout.match(/^✘ LIED/gm)?.length, 2);
  }
});

test("two results of one worker are shown as its fault, opened and closed", async () => {
  const alone = await createEvidence(undefined, HERE, inputs, ["twice", "twice"]);
  const file = await write("twice.evidence", alone);
  const closed = join(program.state, "twice-closed.evidence");
  assert.equal((await program.run("judge", file, "--close", closed)).status, 0);
  for (const each of [file, closed])
    assert.match(
      (await program.run("verify", each)).stdout,
      /two signed results of one worker: it is at fault/,
    );
  assert.equal(lastLine(await program.run("verify", closed, "--json")).contradictsItself, true);
  assert.equal(lastLine(await program.run("verify", path, "--json")).contradictsItself, false);
  assert.match(
    (await program.run("judge", file)).stdout,
    /one worker, which is at fault whatever a run finds/,
  );
});

test("judge without a file takes the newest on this machine", async () => {
  const none = await program.run("judge");
  assert.match(none.stderr, /name the file \[file_unreadable\]/);
  const folder = join(program.state, "evidence");
  await mkdir(folder);
  await writeFile(join(folder, "older.evidence"), await createEvidence([lie(0, 1), honest]));
  await utimes(join(folder, "older.evidence"), 1, 1);
  await writeFile(join(folder, "newer.evidence"), evidence);
  assert.deepEqual(liarsOf(lastLine(await program.run("judge", "--json"))), ["liar.example"]);
});

test("an engine or a model that is not here decides nothing: exit 2", async () => {
  const unknown = new Uint8Array(32).fill(7);
  for (const [change, code] of [
    [{ engine: unknown }, "engine_unknown"],
    [{ model: unknown }, "artifact_missing"],
  ] as const) {
    const elsewhere = await createEvidence([honest, lie(LIED_IN, 1)], { ...HERE, ...change });
    const { status, stderr } = await program.run("judge", await write(`${code}.evidence`, elsewhere));
    assert.equal(status, 2, stderr);
    assert.match(stderr, new RegExp(`\\[${code}\\]`));
  }
});

/** A fault proof by the referee, who may sign something else than it found. */
async function createProof(
  change: (judgement: Judgement) => Judgement = (honestly) => honestly,
  about = evidence,
  by = referee,
): Promise<Bytes> {
  const opened = await openEvidence(about);
  const ruling = await judgeEvidence({ ...opened, opening: opened.opening! }, model, "model");
  const judgement: Judgement = {
    evidence: await evidenceDigest(opened),
    ...ruling,
    record: by.opened.digest,
    time: NOW + 1000,
  };
  const signed = await signJudgement(change(judgement), by.secretKey);
  return encodeFaultProof({ evidence: about, judgement: signed, record: by.opened.bytes });
}

test("verify checks a fault proof and says what it rests on; --rerun computes it again", async () => {
  const proof = await write("liar.fault", await createProof());
  const shown = await program.run("verify", proof);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^✘ liar\.example \(key [\w-]{43}\) is at fault/m);
  assert.match(
    shown.stdout,
    /judged by referee\.example \(key [\w-]{43}\), by the whole model\nit rests on that signature/,
  );
  const again = await program.run("verify", proof, "--rerun");
  assert.match(again.stdout, /this machine computed the same/);
  const line = lastLine(await program.run("verify", proof, "--json"));
  assert.deepEqual(line.restsOn, "the referee's signature");
});

test("a referee that blames the honest side is shown to be wrong by --rerun", async () => {
  const opened = await openEvidence(evidence);
  const lying = opened.sides.findIndex(({ signer }) => signer.operator === "liar.example") as 0 | 1;
  const lied = opened.sides[lying].receipt.wrap.statement;
  const proof = await write(
    "wrong.fault",
    await createProof((judgement) => ({
      ...judgement,
      finding: { scope: "model", digest: lied },
      atFault: [lying === 0 ? 1 : 0],
    })),
  );
  assert.equal((await program.run("verify", proof)).status, 0);
  const again = await program.run("verify", proof, "--rerun");
  assert.equal(again.status, 1);
  assert.match(again.stderr, /wrong\.fault: this machine finds something else .*\[judgement_wrong\]/);
});

test("verify takes several of them, tells of each that holds, and fails if one does not", async () => {
  const proof = await write("one.fault", await createProof());
  const both = await program.run("verify", path, proof);
  assert.equal(both.status, 0, both.stderr);
  assert.match(
    both.stdout,
    /conflict\.evidence:\n +operator [\s\S]+ at least one of the two is at fault[\s\S]+one\.fault:\n/,
  );
  const { valid, files } = lastLine(await program.run("verify", path, proof, "--json"));
  assert.deepEqual([valid, (files as { path: string }[]).map((each) => each.path)], [true, [path, proof]]);
  const broken = await write("broken.evidence", Uint8Array.of(0x86));
  const mixed = await program.run("verify", broken, path);
  assert.equal(mixed.status, 1);
  assert.match(mixed.stdout, /conflict\.evidence:\n/);
  assert.match(
    mixed.stderr,
    /^error: .*broken\.evidence: no file of ours, or a damaged one: .*\[malformed\]\n$/,
  );
  const { stdout, stderr } = await program.run("verify", broken, path, "--json");
  const [results, last] = stdout.trimEnd().split("\n");
  assert.deepEqual((JSON.parse(last!) as { error: { code: string } }).error.code, "malformed");
  assert.equal(stderr.match(/^error: /gm)?.length, 1);
  const told = JSON.parse(results!) as { valid: boolean; files: Record<string, unknown>[] };
  assert.deepEqual(
    [told.valid, ...told.files.map((each) => [each.path, each.valid])],
    [false, [broken, false], [path, true]],
  );
  assert.deepEqual(told.files[0]!.error, JSON.parse(last!).error);
  // What does not hold decides over what could not be computed here.
  const there = { ...HERE, engine: new Uint8Array(32) };
  const elsewhere = await createEvidence([honest, lie(LIED_IN, 1)], there);
  const far = await createServing("referee", there, true);
  const unknown = await write("unknown.fault", await createProof((honestly) => honestly, elsewhere, far));
  const undecided = await program.run("verify", proof, unknown, "--rerun", "--json");
  assert.equal(undecided.status, 2);
  assert.match(undecided.stderr, /^error: \S+unknown\.fault: nothing was decided: .*\[engine_unknown\]$/m);
  const line = JSON.parse(undecided.stdout.split("\n")[0]!) as typeof told;
  assert.deepEqual([line.valid, ...line.files.map((each) => each.valid)], [null, true, null]);
  const worse = await write("broken.fault", Uint8Array.of(0x84));
  assert.equal((await program.run("verify", unknown, worse, "--rerun")).status, 1);
});

test("judge says of a file of ours that is no evidence what it is, and what checks it", async () => {
  const proof = await write("another.fault", await createProof());
  assert.match((await program.run("judge", proof)).stderr, /fault proof, not evidence; check it with verify/);
  const certificate = await write("a.qc", Uint8Array.of(0x8a));
  for (const options of [[], ["--close", join(program.state, "no.evidence")]])
    assert.match(
      (await program.run("judge", certificate, ...options)).stderr,
      /a\.qc is a certificate, not evidence; check it with verify \[option_invalid\]/,
    );
  assert.match(
    (await program.run("verify", certificate, path)).stderr,
    /check either by themselves \[option_invalid\]/,
  );
});

test("options that do not go together are refused", async () => {
  for (const [options, code] of [
    [["--out", "x.evidence"], "option_missing"],
    [["--close", "x.evidence", "--block"], "option_invalid"],
  ] as const) {
    const { status, stderr } = await program.run("judge", path, ...options);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`\\[${code}\\]`));
  }
  const first = await write("first.evidence", await createEvidence([honest, lie(0, 1)]));
  const out = join(program.state, "first-block.evidence");
  assert.match(
    (await program.run("judge", first, "--block", "--out", out)).stderr,
    /first block.*\[option_invalid\]/,
  );
  assert.match((await program.run("verify", path, "--rerun")).stderr, /\[option_invalid\]/);
});
