// Policies of one's own, docs/protocol.md §14, written from that document alone: what stands for one on the wire.

import { type Value, write } from "./cbor.ts";
import { admit, digest } from "./envelope.ts";
import { must } from "./form.ts";
import { isDomain } from "./record.ts";

interface Named {
  readonly least: number; // operators that it takes
  isMember: boolean; // of a group
}

/** The encoding that the digest is over. */
export function encodePolicy(file: Uint8Array): Buffer {
  must(file.length <= 16_384, "a file of too many bytes");
  const names = new Map<string, Named>();
  const operators: [string, string, Uint8Array][] = [];
  const groups: [string, bigint, string[]][] = [];
  const [domains, keys] = [new Map<string, string>(), new Map<string, Uint8Array>()]; // denied, by their text
  const once = new Map<string, string>();

  const define = (name: string, least: number): void => {
    const isName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 48;
    must(isName && name !== "any" && name !== "all" && !names.has(name), "no name, or one that is taken");
    names.set(name, { least, isMember: false });
  };
  const readGroup = ([name, count, ...members]: string[]): void => {
    must(members.length > 0, "a group of nobody");
    const costs = members.map((member) => {
      const known = names.get(member);
      must(known !== undefined && !known.isMember, "a member that is not free");
      known.isMember = true;
      return known.least;
    });
    const all = members.length;
    const threshold = count === "any" ? 1 : count === "all" ? all : readNumber(count!, 1, all);
    const cheapest = costs.toSorted((a, b) => a - b).slice(0, threshold);
    define(
      name!,
      cheapest.reduce((sum, cost) => sum + cost, 0),
    );
    groups.push([name!, BigInt(threshold), members.toSorted()]);
  };
  const deny = (word: string): void => {
    must(!domains.has(word) && !keys.has(word), "denied twice");
    if (word.includes(".")) domains.set(word, readDomain(word));
    else keys.set(word, readKey(word));
  };

  for (const [first, ...rest] of readLines(file)) {
    if (first === "operator") {
      must(rest.length === 3, "no operator");
      const [name, domain, key] = rest as [string, string, string];
      define(name, 1);
      operators.push([name, readDomain(domain), readKey(key)]);
    } else if (first === "group") readGroup(rest);
    else if (first === "deny") {
      must(rest.length > 0, "nobody is denied");
      for (const word of rest) deny(word);
    } else {
      must(["quorum", "ask", "providers", "audit", "plain"].includes(first!), "no such line");
      must(rest.length === 1 && !once.has(first!), "one value, once");
      once.set(first!, rest[0]!);
    }
  }
  must(operators.length <= 16 && groups.length <= 16, "too many operators or groups");
  must(domains.size + keys.size <= 64, "too many are denied");
  const texts = operators.map(([, domain, key]) => [domain, Buffer.from(key).toString("base64url")]);
  for (const column of [0, 1])
    must(new Set(texts.map((pair) => pair[column])).size === operators.length, "two of one domain or key");
  must(!texts.some(([domain, key]) => domains.has(domain!) || keys.has(key!)), "named and denied");

  const quorum = once.get("quorum");
  must(quorum !== undefined && once.has("ask"), "no quorum, or nobody to ask");
  const root = /^[0-9]/.test(quorum) ? null : quorum;
  for (const [name, { isMember }] of names) must(isMember !== (name === root), "without effect, or twice");
  const accept = root === null ? readNumber(quorum, 1, 16) : (names.get(root)?.least ?? 0);
  must(accept > 0, "a quorum of nobody");
  const ask = readNumber(once.get("ask")!, accept, root === null ? 16 : operators.length);
  const providers = readNumber(once.get("providers") ?? "1", 1, ask);
  const audit = readNumber(once.get("audit") ?? "0", 0, 1000);
  const plain = once.get("plain") ?? "no";
  must(plain === "yes" || plain === "no", "plain is yes or no");
  return write([
    ...[1, ask, accept, providers, audit].map(BigInt),
    plain === "yes",
    operators.toSorted(byName),
    groups.toSorted(byName),
    root,
    [...domains.keys()].toSorted(),
    [...keys.values()].toSorted(Buffer.compare),
  ] as Value[]);
}

/** What requests and certificate files name it by. */
export function policyDigest(file: Uint8Array): Buffer {
  return digest("policy", encodePolicy(file));
}

const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]) =>
  a < b ? -1 : 1;

function readLines(file: Uint8Array): string[][] {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(file);
  const lines = text.split("\n").map((line) => {
    const shown = line.endsWith("\r") ? line.slice(0, -1) : line;
    must(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown.replaceAll("\t", "")), "an unprintable character");
    return shown
      .split("#")[0]!
      .split(/[ \t]+/)
      .filter((word) => word !== "");
  });
  return lines.filter((words) => words.length > 0);
}

function readNumber(text: string, min: number, max: number): number {
  must(/^(0|[1-9][0-9]{0,3})$/.test(text), "no number");
  const value = Number(text);
  must(value >= min && value <= max, "a number out of range");
  return value;
}

function readDomain(text: string): string {
  must(isDomain(text), "no domain");
  return text;
}

function readKey(text: string): Uint8Array {
  const key = Buffer.from(text, "base64url");
  must(key.length === 32 && key.toString("base64url") === text, "no key");
  admit(key);
  return key;
}
