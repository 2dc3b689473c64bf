// A policy of one's own, as lines of text: operators by name, groups of them with thresholds, one quorum. What the
// file says is checked here once; whoever holds a Policy can rely on it. docs/protocol.md §14 has the grammar.

import { type Bytes, equalBytes, formatBase64Url } from "./bytes.ts";
import { PolicyError } from "./errors.ts";
import {
  MAX_CERTIFICATE_SIGNATURES,
  MAX_POLICY_DENIED,
  MAX_POLICY_GROUPS,
  MAX_POLICY_OPERATORS,
  MAX_SLUG_CHARACTERS,
} from "./limits.ts";
import { countLeast, type NamedOperator, type OperatorGroup } from "./named-quorum.ts";
import type { Policy } from "./policy.ts";
import { createCustomPolicy } from "./policy-digest.ts";
import {
  checkCount,
  expectWords,
  fault,
  type Line,
  quote,
  readDomain,
  readKey,
  readLines,
  readNumber,
} from "./policy-lines.ts";

/** What the lines so far have said. */
interface Draft {
  readonly lines: Map<string, number>; // of each name of an operator or a group
  readonly owners: Map<string, string>; // the group that each member is in
  readonly operators: NamedOperator[];
  readonly groups: OperatorGroup[];
  readonly denied: Map<string, { readonly line: number; readonly key: Bytes | null }>; // by text
  readonly settings: Map<string, { readonly line: number; readonly value: string }>; // what is said once
}

const STATEMENTS: ReadonlyMap<string, (draft: Draft, line: Line) => void> = new Map([
  ["operator", readOperator],
  ["group", readGroup],
  ["quorum", readSetting],
  ["ask", readSetting],
  ["providers", readSetting],
  ["deny", readDenied],
  ["audit", readSetting],
  ["plain", readSetting],
]);

/**
 * The policy of a file. Spaces, comments and the order of what does not depend on each other do not change it or its
 * digest. Throws PolicyError `policy_malformed`, naming the line.
 */
export async function parsePolicy(bytes: Bytes): Promise<Policy> {
  const draft: Draft = {
    lines: new Map(),
    owners: new Map(),
    operators: [],
    groups: [],
    denied: new Map(),
    settings: new Map(),
  };
  for (const line of readLines(bytes)) {
    const read = STATEMENTS.get(line.words[0]!);
    if (read === undefined)
      throw fault(
        line.number,
        `what is ${quote(line.words[0]!)}? a line must start with ${[...STATEMENTS.keys()].join(", ")} or #`,
      );
    read(draft, line);
  }
  return finish(draft);
}

/** `operator NAME DOMAIN KEY` */
function readOperator(draft: Draft, line: Line): void {
  const [, name, domain, text] = expectWords(line, 4, "operator NAME DOMAIN KEY");
  defineName(draft, line, name!);
  const key = readKey(line, text!);
  const operator = { name: name!, domain: readDomain(line, domain!), key };
  const twin = draft.operators.find((other) => other.domain === domain || equalBytes(other.key, key));
  if (twin !== undefined)
    throw fault(
      line.number,
      `${name} has the domain or the key of ${twin.name}; the two would be one operator, so name it once`,
    );
  draft.operators.push(operator);
  checkCount(line, "operators", draft.operators.length, MAX_POLICY_OPERATORS);
}

/** `group NAME any|all|K MEMBER…` */
function readGroup(draft: Draft, line: Line): void {
  if (line.words.length < 4) expectWords(line, 4, "group NAME any|all|K MEMBER…");
  const [, name, count, ...members] = line.words;
  // Members stand above their group, so no group can contain itself, however indirectly.
  for (const member of members) claimMember(draft, line, name!, member);
  defineName(draft, line, name!);
  const thresholds: Record<string, number> = { any: 1, all: members.length };
  const threshold = Object.hasOwn(thresholds, count!)
    ? thresholds[count!]!
    : readNumber(line, `the threshold of ${name}`, count!, { min: 1, max: members.length });
  draft.groups.push({ name: name!, threshold, members });
  checkCount(line, "groups", draft.groups.length, MAX_POLICY_GROUPS);
}

function claimMember({ lines, owners }: Draft, { number }: Line, group: string, member: string): void {
  if (!lines.has(member))
    throw fault(number, `${quote(member)} is not defined above; define members before their group`);
  const owner = owners.get(member);
  if (owner !== undefined)
    throw fault(number, `${member} is in the group ${owner} already; let it count in one group only`);
  owners.set(member, group);
}

/** `deny DOMAIN|KEY …` */
function readDenied(draft: Draft, line: Line): void {
  const [, ...texts] = line.words;
  if (texts.length === 0) expectWords(line, 2, "deny DOMAIN|KEY …");
  for (const text of texts) {
    const key = text.includes(".") ? null : readKey(line, text);
    if (key === null) readDomain(line, text);
    const before = draft.denied.get(text);
    if (before !== undefined)
      throw fault(line.number, `${text} is denied in line ${before.line} already; delete one of the two`);
    draft.denied.set(text, { line: line.number, key });
    checkCount(line, "denied domains and keys", draft.denied.size, MAX_POLICY_DENIED);
  }
}

/** `quorum NAME|K`, `ask K`, `providers K`, `audit K`, `plain yes|no`: one value, once. */
function readSetting({ settings }: Draft, line: Line): void {
  const [name, value] = expectWords(line, 2, `${line.words[0]} VALUE`);
  const before = settings.get(name!);
  if (before !== undefined)
    throw fault(line.number, `${name} is set in line ${before.line} already; delete one of the two`);
  settings.set(name!, { line: line.number, value: value! });
}

/** What can only be said once all lines are read. */
function finish(draft: Draft): Promise<Policy> {
  const { operators, groups, denied, lines, owners } = draft;
  for (const { name, domain, key } of operators) {
    const entry = denied.get(domain) ?? denied.get(formatBase64Url(key));
    if (entry !== undefined) throw fault(entry.line, `${name} is denied and named; delete one of the two`);
  }
  const { line, value: root } = need(draft, "quorum", "quorum NAME");
  const isNamed = !/^\d/.test(root);
  if (isNamed && !lines.has(root))
    throw fault(
      line,
      `the quorum ${quote(root)} is no operator or group; name one of this file, or a number`,
    );
  for (const [name, defined] of lines)
    if (!owners.has(name) && name !== root)
      throw fault(
        defined,
        `${name} is no part of the quorum ${root}; put it into a group, or delete the line`,
      );
  if (isNamed && owners.has(root))
    throw fault(line, `the quorum ${root} is a member of ${owners.get(root)}; make that the quorum`);
  const quorum = isNamed ? { operators, groups, root } : null;
  const limit = MAX_CERTIFICATE_SIGNATURES;
  const accept = quorum
    ? countLeast(quorum)
    : readNumber({ number: line }, "the quorum", root, { min: 1, max: limit });
  const asked = need(draft, "ask", `ask ${accept}`);
  const most = quorum ? operators.length : limit;
  const ask = readNumber({ number: asked.line }, "ask", asked.value, { min: accept, max: most });
  const providers = readOptionalNumber(draft, "providers", { min: 1, max: ask }, 1);
  return createCustomPolicy({
    ask,
    accept,
    providers,
    auditPermille: readOptionalNumber(draft, "audit", { min: 0, max: 1000 }, 0),
    allowPlain: readPlain(draft),
    quorum,
    deniedDomains: [...denied].flatMap(([text, { key }]) => (key === null ? [text] : [])),
    deniedKeys: [...denied.values()].flatMap(({ key }) => (key === null ? [] : [key])),
  });
}

function need(
  { settings }: Draft,
  name: string,
  example: string,
): { readonly line: number; readonly value: string } {
  const setting = settings.get(name);
  if (setting !== undefined) return setting;
  throw new PolicyError("policy_malformed", `the policy has no ${name}; add a line such as: ${example}`);
}

function readOptionalNumber(
  { settings }: Draft,
  name: string,
  range: { readonly min: number; readonly max: number },
  otherwise: number,
): number {
  const setting = settings.get(name);
  return setting === undefined ? otherwise : readNumber({ number: setting.line }, name, setting.value, range);
}

function readPlain({ settings }: Draft): boolean {
  const setting = settings.get("plain");
  if (setting === undefined || setting.value === "no") return false;
  if (setting.value === "yes") return true;
  throw fault(setting.line, `plain is ${quote(setting.value)}; it must be yes or no`);
}

/** Lower-case words that cannot be taken for a number or a threshold. */
function defineName({ lines }: Draft, { number }: Line, name: string): void {
  const isName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) && name !== "any" && name !== "all";
  if (!isName || name.length > MAX_SLUG_CHARACTERS)
    throw fault(
      number,
      `${quote(name)} is no name; use lower-case words joined by hyphens, a letter first, not any or all`,
    );
  const before = lines.get(name);
  if (before !== undefined)
    throw fault(number, `${name} is defined in line ${before} already; use another name`);
  lines.set(name, number);
}
