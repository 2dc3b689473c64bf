// Hostile bytes out of honest ones: as bytes, as CBOR, and as CBOR under signatures that an attacker makes anew.

import { type Bytes, concatBytes } from "../../../protocol/bytes.ts";
import { type Role, signEnvelope } from "../../../protocol/cose.ts";
import { type Item, readItem, Tagged, writeItem } from "../../protocol/cddl/item.ts";
import { createNoise, type Draw, mangle } from "./mangle.ts";

/** What a mutation may draw from. */
export interface Material {
  readonly bytes: Bytes; // what is changed
  readonly others: readonly Bytes[]; // what parts are taken from
  readonly attackers: readonly Bytes[]; // secret keys, none of an honest party
}

/** Most cost microseconds. Signatures cost a millisecond and the largest counts more, so they are rare. */
export async function mutate(material: Material, draw: Draw): Promise<Bytes> {
  const { bytes, others } = material;
  const kind = draw(64);
  if (kind >= 31 && !isCbor(bytes)) return reword(bytes, draw);
  if (kind < 8) return flipBits(bytes, draw);
  if (kind < 12) return cut(bytes, draw);
  if (kind < 20) return lieAboutLength(bytes, draw);
  if (kind < 24) return spliceBytes(bytes, pick(others, draw), draw);
  if (kind < 26) return nest(bytes, draw);
  if (kind < 28) return createNoise(draw);
  if (kind < 30) return Uint8Array.from({ length: draw(400) }, () => draw(256));
  if (kind === 30) return draw(64) === 0 ? createMany(draw) : repeat(bytes, draw);
  if (kind < 44) return mangle(bytes, draw);
  // Of its own too: one key in two places.
  if (kind < 60) return graft(bytes, draw(4) === 0 ? bytes : pick(others, draw), draw);
  return resign(material, draw);
}

function pick<T>(items: readonly T[], draw: Draw): T {
  return items[draw(items.length)]!;
}

function flipBits(bytes: Bytes, draw: Draw): Bytes {
  const changed = bytes.slice();
  for (let flips = 1 + draw(4); flips > 0 && changed.length > 0; flips--)
    changed[draw(changed.length)]! ^= 1 << draw(8);
  return changed;
}

function cut(bytes: Bytes, draw: Draw): Bytes {
  const [start, end] = [draw(bytes.length + 1), draw(bytes.length + 1)];
  if (draw(2) === 0) return bytes.slice(0, end);
  return concatBytes(bytes.subarray(0, Math.min(start, end)), bytes.subarray(Math.max(start, end)));
}

/** A head with a length that the bytes behind it do not have, put over or between what is there. */
function lieAboutLength(bytes: Bytes, draw: Draw): Bytes {
  const head = Uint8Array.of(
    (draw(8) << 5) | (24 + draw(8)),
    ...Array.from({ length: draw(9) }, () => EDGES[draw(EDGES.length)]!),
  );
  const at = draw(bytes.length + 1);
  return concatBytes(bytes.subarray(0, at), head, bytes.subarray(at + (draw(2) === 0 ? head.length : 0)));
}

const EDGES = [0, 1, 0x17, 0x18, 0x7f, 0x80, 0xff, 0xff, 0xff];

function spliceBytes(a: Bytes, b: Bytes, draw: Draw): Bytes {
  return concatBytes(a.subarray(0, draw(a.length + 1)), b.subarray(draw(b.length + 1)));
}

/** Around it, or in the place of its end: arrays, maps, tags and byte strings, to any depth. */
function nest(bytes: Bytes, draw: Draw): Bytes {
  const opening = pick([[0x81], [0xa1, 0x00], [0xc1], [0x9f], [0xa1], [0xbf, 0x00], [0xd8, 0x20]], draw);
  const depth = [2, 11, 12, 13, 14, 100, 5000][draw(7)]!;
  const around = Uint8Array.from(new Array(depth).fill(opening).flat());
  return draw(2) === 0
    ? concatBytes(around, bytes)
    : concatBytes(bytes.subarray(0, draw(bytes.length + 1)), around);
}

/** As many items as its head says, and at and beyond what a decoder may take. */
function createMany(draw: Draw): Bytes {
  const count = 65_530 + draw(20);
  const item = pick([[0x00], [0x80], [0x40], [0xf6], [0xa0], [0x60]], draw);
  const body = Uint8Array.from({ length: count * (1 + draw(2)) }, () => item[0]!);
  return concatBytes(
    Uint8Array.of(draw(2) === 0 ? 0x9a : 0xba, 0, count >> 16, (count >> 8) & 255, count & 255),
    body,
  );
}

function repeat(bytes: Bytes, draw: Draw): Bytes {
  const [start, length] = [draw(bytes.length + 1), draw(200)];
  const part = bytes.subarray(start, start + length);
  return concatBytes(
    bytes.subarray(0, start),
    ...new Array<Bytes>(1 + draw(20)).fill(part),
    bytes.subarray(start),
  );
}

/** Text, as a policy's file or JSON: words and what parts them replaced, repeated, exchanged or dropped. */
export function reword(bytes: Bytes, draw: Draw): Bytes {
  const words = new TextDecoder().decode(bytes).split(/([\s":,{}[\]]+)/);
  for (let edits = 1 + draw(4); edits > 0; edits--) {
    const [at, from] = [draw(words.length), draw(words.length)];
    if (draw(4) === 0) words.splice(at, 1);
    else if (draw(3) === 0) words.splice(at, 0, ...words.slice(from, from + 1 + draw(8)));
    else words[at] = draw(2) === 0 ? words[from]! : pick(ODD_WORDS, draw);
  }
  return new TextEncoder().encode(words.join(""));
}

const ODD_WORDS = [
  "\n",
  "\r",
  "#",
  "0",
  "1",
  "2",
  "16",
  "17",
  "007",
  "-1",
  "1e3",
  "any",
  "all",
  "yes",
  "\ufeff",
  "\0",
  "__proto__",
  "constructor",
  "a".repeat(300),
  "٣",
  "{",
  "null",
];

function isCbor(bytes: Bytes): boolean {
  return toItem(bytes) !== null;
}

/** Null for what is no CBOR, as a policy's file is. */
function toItem(bytes: Uint8Array): Item | null {
  try {
    return readItem(bytes);
  } catch {
    return null;
  }
}

/** A part of one message in the place of a part of the other: of its kind where there is one. Valid CBOR. */
function graft(a: Bytes, b: Bytes, draw: Draw): Bytes {
  const [target, source] = [toItem(a), toItem(b)];
  if (target === null || source === null) return spliceBytes(a, b, draw);
  let changed: Item = target;
  for (let grafts = 1 + draw(3); grafts > 0; grafts--) {
    const places = listParts(changed);
    const [path, old] = pick(places, draw);
    const alike = listParts(source).filter(([, item]) => kindOf(item) === kindOf(old));
    const [, given]: [Path, Item] = pick(alike.length > 0 ? alike : listParts(source), draw);
    changed = replace(changed, path, tweak(old, draw) ?? given);
  }
  return writeItem(changed);
}

/**
 * The part itself with a little changed, where that is possible and drawn: bytes too, so that short ones get their turn.
 */
function tweak(old: Item, draw: Draw): Item | null {
  if (typeof old === "number") return nearby(old, draw);
  if (!(old instanceof Uint8Array) || draw(2) === 0) return null;
  return flipBits(old.slice(), draw);
}

/** Numbers at the edges of ranges, or beside what was there. */
function nearby(value: number, draw: Draw): number {
  const edges = [
    0,
    1,
    2,
    15,
    16,
    63,
    64,
    255,
    256,
    1024,
    2 ** 24,
    2 ** 31,
    2 ** 32,
    2 ** 45,
    2 ** 53 - 1,
    -1,
  ];
  return draw(2) === 0 ? pick(edges, draw) : Math.max(0, value + draw(7) - 3);
}

function kindOf(item: Item): string {
  if (item instanceof Uint8Array) return `bytes ${item.length > 64 ? "long" : item.length}`;
  return item instanceof Tagged ? "tag" : Array.isArray(item) ? `array ${item.length}` : typeof item;
}

type Path = readonly (number | "in")[];

/** Every part of an item, into byte strings that hold items too. Maps are left whole: headers have one form. */
function listParts(item: Item, path: Path = []): [Path, Item][] {
  const own: [Path, Item][] = [[path, item]];
  if (item instanceof Tagged) return [...own, ...listParts(item.content, [...path, "in"])];
  if (Array.isArray(item))
    return [...own, ...item.flatMap((child: Item, index) => listParts(child, [...path, index]))];
  const inner = item instanceof Uint8Array && item.length > 70 ? toItem(item) : null;
  return inner === null || typeof inner !== "object" ? own : [...own, ...listParts(inner, [...path, "in"])];
}

function replace(item: Item, path: Path, given: Item): Item {
  const [step, ...rest] = path;
  if (step === undefined) return given;
  if (item instanceof Tagged) return new Tagged(item.tag, replace(item.content, rest, given));
  if (item instanceof Uint8Array) return writeItem(replace(readItem(item), rest, given));
  const items = item as readonly Item[];
  return items.map((child, index) => (index === step ? replace(child, rest, given) : child));
}

const ROLE = /quorate\.([a-z]+)\+cbor/;

/** One envelope, however deep, with a changed payload and a signature that holds, by a key of the attacker. */
async function resign({ bytes, others, attackers }: Material, draw: Draw): Promise<Bytes> {
  const item = toItem(bytes);
  const envelopes = item === null ? [] : listParts(item).filter(([, part]) => part instanceof Tagged);
  if (item === null || envelopes.length === 0) return graft(bytes, pick(others, draw), draw);
  const [path, envelope] = pick(envelopes, draw);
  const fields = (envelope as Tagged).content;
  if (!Array.isArray(fields) || !(fields[2] instanceof Uint8Array) || !(fields[0] instanceof Uint8Array))
    return flipBits(bytes, draw);
  const role = ROLE.exec(Buffer.from(fields[0]).toString("latin1"))?.[1] as Role | undefined;
  const payload = fields[2].slice();
  const changed =
    draw(3) === 0
      ? payload
      : draw(2) === 0
        ? graft(payload, pick(others, draw), draw)
        : mangle(payload, draw);
  const signed = await signEnvelope({
    role: role ?? "receipt",
    secretKey: pick(attackers, draw),
    payload: changed,
  });
  return writeItem(replace(item, path, readItem(signed)));
}
