// Policies as text and the operators in them, for tests. Keys come from names, as those of the fixtures' workers do.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type Bytes, formatBase64Url, utf8 } from "../../protocol/bytes.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { bytesFor } from "./fixtures.ts";

/** docs/sample.policy. */
export const SAMPLE_POLICY: Bytes = new Uint8Array(
  readFileSync(new URL("../../docs/sample.policy", import.meta.url)),
);

export const NAMES = ["alder", "birch", "cedar", "dogwood", "elm", "fir"] as const;

/** The operator key of the fixtures' worker of this name. */
export async function operatorKey(name: string): Promise<Bytes> {
  return publicKey(await bytesFor(`operator ${name}.example`));
}

const KEYS = new Map(await Promise.all(NAMES.map(async (name) => [name, await operatorKey(name)] as const)));

/** `operator NAME NAME.example KEY` */
export function operatorLine(name: (typeof NAMES)[number]): string {
  return `operator ${name} ${name}.example ${formatBase64Url(KEYS.get(name)!)}`;
}

export function policyBytes(...lines: readonly string[]): Bytes {
  return utf8(lines.join("\n"));
}

/** A tree of groups over some of the operators: names of operators, or a threshold and its members. */
export type Tree = (typeof NAMES)[number] | { readonly threshold: number; readonly members: readonly Tree[] };

/** Every operator at most once; thresholds from 1 to the number of members. */
export const ANY_TREE: fc.Arbitrary<Tree> = fc
  .record({
    order: fc.shuffledSubarray([...NAMES], { minLength: 1 }),
    cuts: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ order, cuts }) => grow(order, cuts));

function grow(names: readonly (typeof NAMES)[number][], cuts: readonly number[]): Tree {
  let next = 0;
  const draw = (below: number) => cuts[next++ % cuts.length]! % below;
  const split = (part: readonly (typeof NAMES)[number][]): Tree => {
    if (part.length === 1) return draw(4) === 0 ? { threshold: 1, members: part } : part[0]!;
    const at = 1 + draw(part.length - 1);
    const isDeep = draw(3) > 0;
    const members = isDeep ? [split(part.slice(0, at)), split(part.slice(at))] : part;
    return { threshold: 1 + draw(members.length), members };
  };
  return split(names);
}

/** Whether the operators of these names meet it: what thresholds mean, straight from the definition. */
export function isMet(tree: Tree, present: ReadonlySet<string>): boolean {
  if (typeof tree === "string") return present.has(tree);
  return tree.members.filter((member) => isMet(member, present)).length >= tree.threshold;
}

/** Lines of a file for the tree: its operators, its groups from the inside out, and the quorum. */
export function linesOf(tree: Tree): string[] {
  const lines: string[] = [];
  let groups = 0;
  const name = (part: Tree): string => {
    if (typeof part === "string") {
      lines.push(operatorLine(part));
      return part;
    }
    const members = part.members.map(name);
    const own = `group-${++groups}`;
    lines.push(`group ${own} ${part.threshold} ${members.join(" ")}`);
    return own;
  };
  const root = name(tree);
  return [...lines, `quorum ${root}`];
}
