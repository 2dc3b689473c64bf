import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, concatBytes, formatBase64Url, formatHex, utf8 } from "../../protocol/bytes.ts";
import { PolicyError } from "../../protocol/errors.ts";
import { admitsOperator, POLICIES, type Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { ANY_TREE, linesOf, operatorKey, operatorLine, policyBytes, SAMPLE_POLICY } from "./policies.ts";

const digestOf = ({ reference }: Policy) => formatHex(reference as Bytes);
const [alder, birch, cedar] = [operatorLine("alder"), operatorLine("birch"), operatorLine("cedar")];

test("the sample says what its lines say", async () => {
  const policy = await parsePolicy(SAMPLE_POLICY);
  const { quorum, reference, ...rest } = policy;
  assert.deepEqual(rest, {
    ask: 3,
    accept: 2,
    providers: 2,
    auditPermille: 50,
    allowPlain: false,
    deniedDomains: ["elm.example"],
    deniedKeys: [],
    title: `${digestOf(policy).slice(0, 16)}…`,
  });
  assert.deepEqual(quorum?.groups, [
    { name: "north", threshold: 1, members: ["alder", "birch"] },
    { name: "south", threshold: 1, members: ["cedar", "dogwood"] },
    { name: "both", threshold: 2, members: ["north", "south"] },
  ]);
  assert.equal(quorum.root, "both");
  for (const { name, domain, key } of quorum.operators)
    assert.deepEqual([domain, key], [`${name}.example`, await operatorKey(name)]);
  assert.equal((reference as Bytes).length, 32);
});

test("what a file leaves out is one provider, no audit, nothing plain and nobody denied", async () => {
  const { quorum, providers, auditPermille, allowPlain, deniedDomains, deniedKeys } = await parsePolicy(
    policyBytes("quorum 2", "ask 3"),
  );
  assert.deepEqual([quorum, providers], [null, 1]);
  assert.deepEqual([auditPermille, allowPlain, deniedDomains, deniedKeys], [0, false, [], []]);
  assert.equal((await parsePolicy(policyBytes("quorum 2", "ask 3", "plain yes"))).allowPlain, true);
  for (const policy of Object.values(POLICIES)) assert.equal(policy.allowPlain, false);
});

test("comments, spaces, line ends and the order of lines do not change the digest; every word does", async () => {
  const lines = [alder, birch, "group g 1 alder birch", "quorum g", "ask 2", "deny elm.example oak.example"];
  const digest = digestOf(await parsePolicy(policyBytes(...lines)));
  for (const same of [
    ["# what follows", ...lines, ""],
    lines.map((line) => `\t ${line.replaceAll(" ", "  ")} # ${line}\r`),
    [birch, alder, "ask 2", "quorum g", "group g any birch alder", "deny oak.example", "deny elm.example"],
    [...lines, "providers 1", "audit 0", "plain no"],
  ])
    assert.equal(digestOf(await parsePolicy(policyBytes(...same))), digest);
  const digests = await Promise.all(
    [
      [alder, birch, "group g 2 alder birch", "quorum g", "ask 2", "deny elm.example oak.example"],
      [alder, birch, "group h 1 alder birch", "quorum h", "ask 2", "deny elm.example oak.example"],
      [alder, cedar, "group g 1 alder cedar", "quorum g", "ask 2", "deny elm.example oak.example"],
      [...lines.filter((line) => line !== "ask 2"), "ask 1"],
      [...lines, "providers 2"],
      [...lines, "audit 1"],
      [...lines, "plain yes"],
      lines.map((line) => line.replace("oak", "ash")),
      [...lines, `deny ${formatBase64Url(await operatorKey("elm"))}`],
    ].map(async (changed) => digestOf(await parsePolicy(policyBytes(...changed)))),
  );
  assert.equal(new Set([digest, ...digests]).size, digests.length + 1);
});

test("a denied domain is not admitted with any key, nor a denied key with any domain", async () => {
  const [elm, oak] = [await operatorKey("elm"), await operatorKey("oak")];
  const policy = await parsePolicy(
    policyBytes("quorum 1", "ask 1", `deny elm.example ${formatBase64Url(elm)}`),
  );
  const admits = (operator: string, key: Bytes) => admitsOperator(policy, { operator, operatorKey: key });
  assert.ok(admits("oak.example", oak));
  assert.ok(!admits("elm.example", oak));
  assert.ok(!admits("oak.example", elm));
});

const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));
const ok = [alder, birch, "group g any alder birch", "quorum g", "ask 2"];

const MALFORMED: [string, string[], RegExp][] = [
  ["nothing", [], /no quorum; add a line such as: quorum NAME/],
  ["no ask", ["quorum 2"], /no ask; add a line such as: ask 2/],
  [
    "an unknown statement",
    [...ok, "witness x"],
    /line 6.*what is "witness"\? a line must start with operator, group/,
  ],
  ["a statement named like a method", ["toString"], /line 1.*"toString"/],
  ["two quorums", [...ok, "quorum alder"], /line 6.*quorum is set in line 4 already/],
  ["a quorum of an unknown name", ["quorum north", "ask 1"], /line 1.*"north" is no operator or group/],
  ["a quorum of 0", ["quorum 0", "ask 1"], /line 1.*the quorum is "0".*1 to 16/],
  ["a quorum of 17", ["quorum 17", "ask 16"], /line 1.*1 to 16/],
  [
    "a quorum of a member",
    [alder, birch, "group g any alder birch", "quorum alder", "ask 1"],
    /line 2.*birch is no part|line 3.*g is no part/,
  ],
  [
    "a threshold of 0",
    [alder, "group g 0 alder", "quorum g", "ask 1"],
    /line 2.*threshold of g is "0".*1 to 1/,
  ],
  [
    "a threshold above its members",
    [alder, birch, "group g 3 alder birch", "quorum g", "ask 2"],
    /line 3.*1 to 2/,
  ],
  ["a threshold that is no number", [alder, "group g most alder", "quorum g", "ask 1"], /line 2.*"most"/],
  ["a threshold with a leading zero", [alder, "group g 01 alder", "quorum g", "ask 1"], /line 2.*"01"/],
  [
    "a threshold like a property",
    [alder, "group g __proto__ alder", "quorum g", "ask 1"],
    /line 2.*"__proto__"/,
  ],
  ["a group of nobody", [alder, "group g any", "quorum g", "ask 1"], /line 2.*the form is: group NAME/],
  [
    "a group that contains itself",
    [alder, "group g any g alder", "quorum g", "ask 1"],
    /line 2.*"g" is not defined above/,
  ],
  [
    "two groups that contain each other",
    [alder, "group g any h", "group h any g", "quorum h", "ask 1"],
    /line 2.*"h" is not defined above/,
  ],
  [
    "a member that is unknown",
    [alder, "group g any alder oak", "quorum g", "ask 1"],
    /line 2.*"oak" is not defined above/,
  ],
  [
    "a member twice",
    [alder, "group g all alder alder", "quorum g", "ask 1"],
    /line 2.*alder is in the group g already/,
  ],
  [
    "a member of two groups",
    [alder, "group g any alder", "group h any alder", "quorum h", "ask 1"],
    /line 3.*alder is in the group g/,
  ],
  ["a name twice", [alder, alder], /line 2.*alder is defined in line 1 already/],
  [
    "a group named as an operator",
    [alder, birch, "group alder any birch"],
    /line 3.*alder is defined in line 1/,
  ],
  [
    "an operator under two names",
    [alder, alder.replace("operator alder", "operator other")],
    /line 2.*other has the domain or the key of alder/,
  ],
  [
    "two keys of one domain",
    [alder, birch.replace("birch.example", "alder.example")],
    /line 2.*birch has the domain or the key of alder/,
  ],
  ["an operator that nobody counts", [...ok, cedar], /line 6.*cedar is no part of the quorum g/],
  ["an operator beside a number", [alder, "quorum 1", "ask 1"], /line 1.*alder is no part of the quorum 1/],
  ["a named operator that is denied", [...ok, "deny alder.example"], /line 6.*alder is denied and named/],
  ["a named key that is denied", [...ok, `deny ${alder.split(" ")[3]}`], /line 6.*alder is denied and named/],
  ["a denial twice", [...ok, "deny elm.example", "deny elm.example"], /line 7.*denied in line 6 already/],
  ["a denial of nobody", [...ok, "deny"], /line 6.*the form is: deny/],
  ["a name in capitals", ["operator Alder alder.example x"], /line 1.*"Alder" is no name/],
  ["a name that is a number", ["operator 2 alder.example x"], /line 1.*"2" is no name/],
  [
    "a name that is a threshold",
    [alder.replace("operator alder", "operator any")],
    /line 1.*"any" is no name/,
  ],
  ["a name of 49 letters", [alder.replace("operator alder", `operator ${"a".repeat(49)}`)], /is no name/],
  [
    "a domain of one label",
    [alder.replace("alder.example", "localhost")],
    /line 1.*"localhost" is no lower-case domain/,
  ],
  ["a key of 31 bytes", [`operator a a.example ${"A".repeat(41)}`], /line 1.*is no operator's public key/],
  ["a key of small order", [`operator a a.example ${"A".repeat(43)}`], /line 1.*is no operator's public key/],
  ["a key in padded base64", [`${alder}=`], /line 1.*is no operator's public key/],
  [
    "an operator without a key",
    ["operator alder alder.example"],
    /line 1.*2 words after operator; the form is: operator NAME DOMAIN KEY/,
  ],
  [
    "ask below the quorum",
    [alder, birch, "group g all alder birch", "quorum g", "ask 1"],
    /line 5.*ask is "1".*2 to 2/,
  ],
  ["ask above the named", [...ok.slice(0, 4), "ask 3"], /line 5.*ask is "3".*1 to 2/],
  ["ask of 17 strangers", ["quorum 1", "ask 17"], /line 2.*1 to 16/],
  ["more providers than asked", [...ok, "providers 3"], /line 6.*providers is "3".*1 to 2/],
  ["no provider", [...ok, "providers 0"], /line 6.*1 to 2/],
  ["an audit of more than all", [...ok, "audit 1001"], /line 6.*audit is "1001".*0 to 1000/],
  ["an audit in per cent", [...ok, "audit 2%"], /line 6.*"2%"/],
  ["plain perhaps", [...ok, "plain maybe"], /line 6.*plain is "maybe"; it must be yes or no/],
  ["a value too many", [...ok, "audit 1 2"], /line 6.*the form is: audit VALUE/],
  ["65 denials", [...ok, ...many(65, (i) => `deny a${i}.example`)], /line 70.*more than 64 denied/],
  ["control characters", ["\u001b[31mred"], /line 1.*not printed/],
  [
    "a carriage return that hides a line",
    [...ok, "# nobody of these:\rdeny elm.example"],
    /line 6.*not printed/,
  ],
  [
    "a line separator in a comment",
    [...ok, "# nobody of these:\u2028deny elm.example"],
    /line 6.*not printed/,
  ],
  ["a comment that moves the cursor", [...ok, "audit 1 # \u001b[1A\u001b[2K"], /line 6.*not printed/],
  ["a comment that turns writing around", [...ok, "audit 1 # \u202e"], /line 6.*not printed/],
  ["a name of a megabyte", ["x".repeat(16_000)], /line 1.*what is "x{48}"/],
];

for (const [title, lines, message] of MALFORMED)
  test(`refuses ${title}, and says where`, async () => {
    await assert.rejects(parsePolicy(policyBytes(...lines)), (error: unknown) => {
      assert.ok(error instanceof PolicyError, String(error));
      assert.equal(error.code, "policy_malformed");
      assert.match(error.message, message);
      return true;
    });
  });

test("a file has a limit of bytes, and is UTF-8", async () => {
  const padded = (length: number) =>
    concatBytes(utf8("quorum 1\nask 1\n#"), new Uint8Array(length - 16).fill(0x61));
  await parsePolicy(padded(16_384));
  await assert.rejects(parsePolicy(padded(16_385)), {
    code: "policy_malformed",
    message: /16385 bytes; the limit is 16384/,
  });
  await assert.rejects(parsePolicy(Uint8Array.of(0x23, 0xff)), {
    code: "policy_malformed",
    message: /UTF-8/,
  });
});

test("operators have a limit: as many as sign one certificate", async () => {
  const all = await Promise.all(
    many(17, (i) => `a${i}`).map(
      async (name) => `operator ${name} ${name}.example ${formatBase64Url(await operatorKey(name))}`,
    ),
  );
  const group = `group g all ${many(16, (i) => `a${i}`).join(" ")}`;
  const policy = await parsePolicy(policyBytes(...all.slice(0, 16), group, "quorum g", "ask 16"));
  assert.equal(policy.accept, 16);
  await assert.rejects(parsePolicy(policyBytes(...all)), { message: /line 17.*more than 16 operators/ });
});

test("groups have a limit of their number, and so of their depth", async () => {
  const nested = (count: number) => [
    alder,
    ...many(count, (i) => `group g${i} any ${i === 0 ? "alder" : `g${i - 1}`}`),
    `quorum g${count - 1}`,
    "ask 1",
  ];
  assert.equal((await parsePolicy(policyBytes(...nested(16)))).accept, 1);
  await assert.rejects(parsePolicy(policyBytes(...nested(17))), { message: /line 18.*more than 16 groups/ });
});

test("a file of whatever words is a policy or refused with the code, and nothing else", async () => {
  const words = [
    "operator",
    "group",
    "quorum",
    "ask",
    "deny",
    "any",
    "all",
    "alder",
    "g",
    "1",
    "2",
    "0",
    "#",
    "\0",
    "a.b",
  ];
  const line = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(alder, birch, "group g any alder birch", "quorum g", "ask 2", "quorum 1"),
    },
    {
      weight: 2,
      arbitrary: fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((parts) => parts.join(" ")),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  );
  let policies = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const policy = await parsePolicy(policyBytes(...lines)).catch((error: unknown) => {
        assert.ok(error instanceof PolicyError && error.code === "policy_malformed", String(error));
        return null;
      });
      if (policy !== null) policies++;
    }),
    { seed: 21, numRuns: 1500 },
  );
  assert.ok(policies > 0, "only refusals: the files were never nearly right");
});

test("every cut of a valid file is a policy or refused with the code", async () => {
  for (let length = 0; length < SAMPLE_POLICY.length; length++)
    await parsePolicy(SAMPLE_POLICY.slice(0, length)).catch((error: unknown) =>
      assert.ok(error instanceof PolicyError && error.code === "policy_malformed", `${length}: ${error}`),
    );
});

test("groups may be told in any order that has members first", async () => {
  await fc.assert(
    fc.asyncProperty(ANY_TREE, fc.nat(), async (tree, turn) => {
      const lines = linesOf(tree);
      const [operators, rest] = [
        lines.filter((l) => l.startsWith("operator")),
        lines.filter((l) => !l.startsWith("operator")),
      ];
      const at = turn % operators.length;
      const turned = [...operators.slice(at), ...operators.slice(0, at), ...rest];
      const ask = `ask ${operators.length}`;
      assert.equal(
        digestOf(await parsePolicy(policyBytes(ask, ...turned))),
        digestOf(await parsePolicy(policyBytes(...lines, ask))),
      );
    }),
    { seed: 22, numRuns: 60 },
  );
});
