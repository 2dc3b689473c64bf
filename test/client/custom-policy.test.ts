// Policies from files, from the choice of whom to ask to the certificate that a reader checks.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { QuorumError } from "../../client/answer.ts";
import { askQuorum } from "../../client/quorum.ts";
import { planSeats } from "../../client/select.ts";
import { verifyCertificate } from "../../client/verify.ts";
import { formatHex } from "../../protocol/bytes.ts";
import { meetsQuorum } from "../../protocol/named-quorum.ts";
import { formatReference, type Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import {
  bytesFor,
  createCertificateFile,
  createWorker,
  ENGINE,
  INPUTS,
  MODEL,
  NOW,
} from "../protocol/fixtures.ts";
import {
  ANY_TREE,
  isMet,
  linesOf,
  NAMES,
  operatorLine,
  policyBytes,
  SAMPLE_POLICY,
} from "../protocol/policies.ts";
import { ManualClock } from "./manual-clock.ts";
import { createRandom, honest, lying, type Part, RERUN, refusing, startNetwork } from "./network.ts";

const network = await startNetwork(["one", "two", "three", "four", "five", "six"], { names: NAMES });
after(() => network.close());
const sample = await parsePolicy(SAMPLE_POLICY);
const workers = new Map(
  await Promise.all(NAMES.map(async (name) => [name, (await createWorker(name)).opened] as const)),
);

const nameOf = ({ record }: OpenedRecord) => record.operator.replace(".example", "");

async function plan(policy: Policy, records: readonly OpenedRecord[], seed: string) {
  return planSeats({
    records,
    policy,
    model: MODEL,
    engine: ENGINE,
    sizeBucket: 1024,
    near: null,
    reputation: new Map(),
    seed: await bytesFor(seed),
  });
}

/** Asks the network, in which each named operator plays a part and the others are honest. */
async function ask(policy: Policy, parts: Partial<Record<(typeof NAMES)[number], Part>> = {}) {
  for (const member of network.workers) {
    member.part = parts[nameOf(member.worker.opened) as (typeof NAMES)[number]] ?? honest;
    member.seats.length = 0;
  }
  return askQuorum({
    policy,
    records: network.records,
    near: null,
    reputation: new Map(),
    model: MODEL,
    engine: ENGINE,
    inputs: INPUTS,
    deadlineMs: 10_000,
    settleMs: 1000,
    random: createRandom(false),
    clock: new ManualClock(NOW),
    fetch,
    rerun: RERUN,
  });
}

const askedOf = () =>
  network.workers.filter(({ seats }) => seats.length > 0).map(({ worker }) => nameOf(worker.opened));

test("the sample asks three of the four it names, who can meet its quorum, for every seed", async () => {
  for (let run = 0; run < 40; run++) {
    const { seats, substitutes } = await plan(sample, [...workers.values()], `seed ${run}`);
    assert.equal(seats.length, 3);
    assert.ok(
      meetsQuorum(
        sample.quorum,
        seats.map(({ record }) => record),
      ),
      `${seats.map(nameOf)}`,
    );
    assert.deepEqual([...seats, ...substitutes].map(nameOf).sort(), ["alder", "birch", "cedar", "dogwood"]);
  }
});

test("the sample's answer names the policy by digest and verifies with its file alone", async () => {
  const answer = await ask(sample);
  assert.deepEqual(answer.policy, sample.reference);
  assert.ok(askedOf().length >= 3 && !askedOf().includes("elm") && !askedOf().includes("fir"));
  const verified = await verifyCertificate(answer.certificateFile, { policies: [sample] });
  assert.deepEqual(verified.policy, sample.reference);
  assert.deepEqual(
    verified.policies.map(({ policy, operators }) => [policy, operators]),
    [[sample.reference, answer.agreed]],
  );
});

test("without its file a certificate under a policy is refused with the digest that is missing", async () => {
  const { certificateFile } = await ask(sample);
  const other = await parsePolicy(policyBytes("quorum 1", "ask 1"));
  for (const policies of [[], ["standard"], [other]] as const)
    await assert.rejects(verifyCertificate(certificateFile, { policies }), {
      code: "policy_missing",
      message: new RegExp(formatReference(sample.reference)),
    });
});

test("a reader may ask for built-in policies and files besides; each must hold", async () => {
  const { certificateFile } = await ask(sample);
  const { policies } = await verifyCertificate(certificateFile, { policies: ["standard", sample, "fast"] });
  assert.deepEqual(
    policies.map(({ policy }) => formatReference(policy)),
    [formatReference(sample.reference), "standard", "fast"],
  );
  await assert.rejects(verifyCertificate(certificateFile, { policies: [sample, "strict"] }), {
    code: "policy_not_met",
  });
  const [alder, birch, cedar] = await Promise.all(
    ["alder", "birch", "cedar"].map((name) => createWorker(name)),
  );
  const north = await createCertificateFile([alder!, birch!], "standard");
  const both = await createCertificateFile([alder!, cedar!], "standard");
  assert.equal((await verifyCertificate(both, { policies: [sample] })).policies.length, 2);
  await assert.rejects(verifyCertificate(north, { policies: [sample] }), {
    code: "policy_not_met",
    message: /2 distinct operators of 2 providers that meet its quorum both; 2 of 2 signed that count/,
  });
});

test("signatures that somebody added, and the policy does not admit, are not counted and hide nobody", async () => {
  const [alder, cedar] = await Promise.all(["alder", "cedar"].map((name) => createWorker(name)));
  const added = await Promise.all(
    ["alder", "cedar"].map((name) =>
      createWorker(`mask-${name}`, { operator: `${name}.example`, operatorSeed: "another" }),
    ),
  );
  const file = await createCertificateFile([...added, alder!, cedar!], sample.reference);
  const { signatures, operators, providers } = await verifyCertificate(file, { policies: [sample] });
  assert.deepEqual(
    signatures.map(({ counted, admitted }) => [counted, admitted]),
    [
      [false, false],
      [false, false],
      [true, true],
      [true, true],
    ],
  );
  assert.deepEqual([operators, providers], [2, 2]);
});

test("signers whom a policy does not name, denies or finds under another key do not count", async () => {
  const [alder, cedar, elm] = await Promise.all(["alder", "cedar", "elm"].map((name) => createWorker(name)));
  const mask = await createWorker("mask", { operator: "cedar.example", operatorSeed: "another" });
  for (const stranger of [elm!, mask])
    await assert.rejects(
      verifyCertificate(await createCertificateFile([alder!, stranger], "fast"), { policies: [sample] }),
      {
        code: "policy_not_met",
        message: /; 1 of 1 signed that count/,
      },
    );
  const withoutElm = await parsePolicy(policyBytes("quorum 2", "ask 2", "deny elm.example"));
  const certificateFile = await createCertificateFile([alder!, elm!], "fast");
  await assert.rejects(verifyCertificate(certificateFile, { policies: [withoutElm] }), {
    code: "policy_not_met",
  });
  await verifyCertificate(await createCertificateFile([alder!, elm!, cedar!], "fast"), {
    policies: [withoutElm],
  });
});

test("denied operators are never asked, whatever else they claim", async () => {
  const policy = await parsePolicy(
    policyBytes("quorum 2", "ask 3", `deny elm.example ${operatorLine("fir").split(" ")[3]}`),
  );
  const mask = (await createWorker("mask", { operatorSeed: "fir.example" })).opened; // fir's key, another domain
  const heir = (await createWorker("heir", { operator: "elm.example", operatorSeed: "new" })).opened;
  for (let run = 0; run < 40; run++) {
    const { seats, substitutes } = await plan(policy, [...workers.values(), mask, heir], `seed ${run}`);
    const asked = [...seats, ...substitutes].map(nameOf).sort();
    assert.deepEqual(asked, ["alder", "birch", "cedar", "dogwood"]);
  }
});

test("who claims a named operator's domain with another key neither sits nor displaces it", async () => {
  const squatters = await Promise.all(
    Array.from(
      { length: 8 },
      async (_, i) =>
        (await createWorker(`squatter-${i}`, { operator: "alder.example", operatorSeed: `squatter ${i}` }))
          .opened,
    ),
  );
  const alone = await parsePolicy(policyBytes(operatorLine("alder"), "quorum alder", "ask 1"));
  for (let run = 0; run < 20; run++) {
    const { seats } = await plan(alone, [...squatters, ...workers.values()], `seed ${run}`);
    assert.deepEqual(seats, [workers.get("alder")]);
  }
});

test("with too few of the named there nobody is asked, and who is missing is told", async () => {
  const present = (["alder", "birch", "elm", "fir"] as const).map((name) => workers.get(name)!);
  await assert.rejects(plan(sample, present, "seed"), {
    code: "committee_unavailable",
    message: /2 of 2 serve this model with this engine \(missing: cedar, dogwood\)/,
  });
});

test("seats can meet the quorum exactly where those who are there can", async () => {
  await fc.assert(
    fc.asyncProperty(ANY_TREE, fc.subarray([...NAMES]), fc.nat(1000), async (tree, present, draw) => {
      const lines = linesOf(tree);
      const needed = (
        await parsePolicy(
          policyBytes(...lines, `ask ${lines.filter((l) => l.startsWith("operator")).length}`),
        )
      ).accept;
      const policy = await parsePolicy(policyBytes(...lines, `ask ${needed}`));
      const records = present.map((name) => workers.get(name)!);
      const outcome = await plan(policy, records, `draw ${draw}`).then(
        ({ seats }) => seats.map(({ record }) => record),
        (error: { code: string }) => error.code,
      );
      // As few as meet the quorum are asked; where those are not there and others would have to be, nobody is.
      const least = isMet(tree, new Set(present)) && leastOf(tree, new Set(present)) === needed;
      if (least) assert.ok(typeof outcome !== "string" && meetsQuorum(policy.quorum, outcome), `${outcome}`);
      else assert.equal(outcome, "committee_unavailable");
    }),
    { seed: 31, numRuns: 150 },
  );
});

/** The size of the smallest part of `present` that meets the tree. */
function leastOf(tree: Parameters<typeof isMet>[0], present: ReadonlySet<string>): number {
  const names = [...present];
  const sizes = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_, i) => (bits >> i) & 1),
  )
    .filter((part) => isMet(tree, new Set(part)))
    .map((part) => part.length);
  return Math.min(...sizes);
}

test("providers are made up for without giving up the quorum", async () => {
  const policy = await parsePolicy(
    policyBytes(
      ...NAMES.slice(0, 4).map(operatorLine),
      "group north any alder birch",
      "group south any cedar dogwood",
      "group both all north south",
      "quorum both",
      "ask 2",
      "providers 2",
    ),
  );
  const records = await Promise.all(
    NAMES.slice(0, 4).map(
      async (name) => (await createWorker(name, { provider: name === "birch" ? "two" : "one" })).opened,
    ),
  );
  for (let run = 0; run < 40; run++) {
    const { seats } = await plan(policy, records, `seed ${run}`);
    assert.ok(
      seats.map(nameOf).includes("birch") &&
        meetsQuorum(
          policy.quorum,
          seats.map(({ record }) => record),
        ),
    );
  }
});

test("a failed seat is made up for by whoever the quorum still needs", async () => {
  const policy = await parsePolicy(
    policyBytes(
      ...NAMES.slice(0, 5).map(operatorLine),
      "group north any alder birch elm",
      "group south any cedar dogwood",
      "group both all north south",
      "quorum both",
      "ask 2",
    ),
  );
  // Whoever of the south is asked first refuses; the other of the south is the only one who helps.
  const { seats } = await planSeats({
    records: network.records,
    policy,
    model: MODEL,
    engine: ENGINE,
    sizeBucket: 1024,
    near: null,
    reputation: new Map(),
    seed: createRandom(false)(32),
  });
  const south = seats.map(nameOf).find((name) => name === "cedar" || name === "dogwood")!;
  const answer = await ask(policy, { [south]: refusing });
  assert.equal(answer.asked, 3);
  assert.ok(askedOf().includes("cedar") && askedOf().includes("dogwood"));
  await verifyCertificate(answer.certificateFile, { policies: [policy] });
});

test("however many sign, without a group that must there is no answer", async () => {
  await assert.rejects(ask(sample, { cedar: refusing, dogwood: refusing }), (error: QuorumError) => {
    assert.equal(error.code, "quorum_not_reached");
    assert.match(error.message, new RegExp(`policy ${sample.title} needs 2 distinct operators`));
    assert.equal(error.verdicts.filter(({ outcome }) => outcome === "signed").length, 2);
    return true;
  });
});

test("a named operator that lies is caught as anyone is, and the others of the quorum answer", async () => {
  let caught = 0;
  for (const liar of ["alder", "birch", "cedar", "dogwood"] as const) {
    const answer = await ask(sample, { [liar]: lying });
    assert.ok(answer.conflicts.every(({ operator }) => operator === `${liar}.example`));
    caught += answer.conflicts.length;
    const { signatures } = await verifyCertificate(answer.certificateFile, { policies: [sample] });
    assert.ok(signatures.every(({ operator }) => operator !== `${liar}.example`));
    assert.equal(
      formatHex(answer.outputs[0]!.data),
      formatHex((await RERUN.run({ inputs: INPUTS })).outputs[0]!.data),
    );
  }
  assert.equal(caught, 3, "three of the four are asked, with one seed for all");
});
