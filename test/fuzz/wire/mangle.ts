// CBOR as no honest encoder writes it, made from honest structures: a seeded source of hostile bytes.

import { type Bytes, concatBytes, utf8 } from "../../../protocol/bytes.ts";
import { decode } from "../../../protocol/cbor.ts";

/** CBOR with anything anywhere: any key in a map, entries that repeat, bytes that are no item at all. */
type Item =
  | { readonly kind: "raw"; readonly bytes: Uint8Array }
  | { readonly kind: "array"; readonly items: readonly Item[] }
  | { readonly kind: "map"; readonly items: readonly Item[] } // keys and values in turn
  | { readonly kind: "bytes"; readonly content: Item }
  | { readonly kind: "tag"; readonly tag: number; readonly content: Item };

/** Uniform integers below `limit`, the same for one seed (mulberry32). */
export type Draw = (limit: number) => number;

export function createDraw(seed: number): Draw {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** One structure with one to three of its parts replaced, repeated, swapped or dropped, at any depth. */
export function mangle(bytes: Bytes, draw: Draw): Bytes {
  let item = parse(bytes);
  for (let edits = 1 + draw(3); edits > 0; edits--) item = edit(item, draw);
  return write(item);
}

/** An item from nothing: heads of every major type with small, huge and unfinished arguments. */
export function createNoise(draw: Draw): Bytes {
  return write(createItem(draw, 5));
}

/** Byte strings that hold CBOR are read as such, so that what is inside a signature or a header is mangled too. */
function parse(bytes: Uint8Array): Item {
  if (bytes[0] === 0xd2) return { kind: "tag", tag: 18, content: parse(bytes.subarray(1)) };
  return toItem(decode(bytes, { maxBytes: bytes.length, title: "a structure" }));
}

function toItem(value: unknown): Item {
  if (Array.isArray(value)) return { kind: "array", items: value.map(toItem) };
  if (value instanceof Map) return { kind: "map", items: [...value].flat().map(toItem) };
  if (value instanceof Uint8Array) {
    const isStructure =
      value.length > 60 && (value[0] === 0xd2 || value[0]! >> 5 === 4 || value[0]! >> 5 === 5);
    if (isStructure)
      try {
        return { kind: "bytes", content: parse(value) };
      } catch {
        // a tensor, or a key that looks like one
      }
    return { kind: "raw", bytes: concatBytes(head(2, value.length), value) };
  }
  if (typeof value === "string")
    return { kind: "raw", bytes: concatBytes(head(3, utf8(value).length), utf8(value)) };
  if (typeof value === "number")
    return { kind: "raw", bytes: value < 0 ? head(1, -1 - value) : head(0, value) };
  return { kind: "raw", bytes: Uint8Array.of(value === null ? 0xf6 : value === true ? 0xf5 : 0xf4) };
}

function edit(item: Item, draw: Draw): Item {
  if (draw(4) === 0 || item.kind === "raw") return createItem(draw, 3);
  if (item.kind === "bytes" || item.kind === "tag") return { ...item, content: edit(item.content, draw) };
  const items = [...item.items];
  const index = draw(items.length + 1);
  const action = draw(8);
  if (index === items.length || action === 0) items.splice(index, 0, createItem(draw, 3));
  else if (action === 1) items.splice(index, 1);
  else if (action === 2) items.push(items[index]!);
  else if (action === 3) return { kind: item.kind === "map" ? "array" : "map", items };
  else items[index] = edit(items[index]!, draw);
  return { ...item, items };
}

function createItem(draw: Draw, depth: number): Item {
  const children = () => Array.from({ length: draw(5) }, () => createItem(draw, depth - 1));
  switch (depth === 0 ? draw(3) : draw(9)) {
    case 0: // a head of any type, with an argument of any width and nothing behind it
      return { kind: "raw", bytes: head(draw(8), HUGE[draw(HUGE.length)]!) };
    case 1:
      return { kind: "raw", bytes: Uint8Array.of(draw(256)) };
    case 2:
      return { kind: "raw", bytes: Uint8Array.from(ODD[draw(ODD.length)]!) };
    case 3:
    case 4:
      return { kind: "array", items: children() };
    case 5:
    case 6:
    case 7: {
      const items = children();
      return { kind: "map", items: items.length % 2 === 0 ? items : [...items, createItem(draw, depth - 1)] };
    }
    default:
      return draw(2) === 0
        ? { kind: "bytes", content: createItem(draw, depth - 1) }
        : { kind: "tag", tag: HUGE[draw(HUGE.length)]!, content: createItem(draw, depth - 1) };
  }
}

const HUGE = [0, 1, 18, 23, 24, 32, 64, 255, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53];

/** Floats, big numbers, simple values, breaks, indefinite forms, broken text, keys that a prototype would mind. */
const ODD: readonly (readonly number[])[] = [
  [0xf9, 0x7e, 0x00],
  [0xfa, 0x7f, 0x80, 0x00, 0x00],
  [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xc2, 0x41, 0x01],
  [0xf7],
  [0xf8, 0x20],
  [0x9f, 0x00, 0xff],
  [0xbf, 0xff],
  [0x5f, 0x40, 0xff],
  [0x62, 0xff, 0xfe],
  [0x69, ...utf8("__proto__")],
  [0xa2, 0x80, 0x00, 0x81, 0x00, 0x00],
  [0xa1, 0xa0, 0xa0],
];

function write(item: Item): Bytes {
  switch (item.kind) {
    case "raw":
      return concatBytes(item.bytes);
    case "array":
      return concatBytes(head(4, item.items.length), ...item.items.map(write));
    case "map":
      return concatBytes(head(5, Math.ceil(item.items.length / 2)), ...item.items.map(write));
    case "bytes": {
      const content = write(item.content);
      return concatBytes(head(2, content.length), content);
    }
    case "tag":
      return concatBytes(head(6, item.tag), write(item.content));
  }
}

function head(major: number, argument: number): Bytes {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  if (argument < 2 ** 8) return Uint8Array.of(first | 24, argument);
  const log = argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
  const wide = new Uint8Array(8);
  new DataView(wide.buffer).setBigUint64(0, BigInt(argument));
  return concatBytes(Uint8Array.of(first | (24 + log)), wide.subarray(8 - 2 ** log));
}
