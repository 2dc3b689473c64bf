// CBOR as CDDL sees it: every data item of RFC 8949 with definite lengths, and nothing about what is canonical. Written
// apart from protocol/cbor.ts, so that the two cannot be wrong alike.

/** A data item. Numbers are integers; a float is a Float. */
export type Item =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly Item[]
  | ReadonlyMap<Item, Item>
  | Tagged
  | Float;

export class Tagged {
  readonly tag: number;
  readonly content: Item;

  constructor(tag: number, content: Item) {
    this.tag = tag;
    this.content = content;
  }
}

export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** The one item that the bytes are. Throws RangeError for anything else. */
export function readItem(bytes: Uint8Array): Item {
  const reader = new Reader(bytes);
  const item = reader.read();
  if (reader.left > 0) throw new RangeError(`${reader.left} bytes after the item`);
  return item;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  read(): Item {
    const head = this.#take(1)[0]!;
    const [major, minor] = [head >> 5, head & 31];
    if (major === 7) return this.#readSimple(minor);
    const argument = minor < 24 ? minor : this.#readUnsigned(minor);
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 2) return this.#take(argument).slice();
    if (major === 3) return new TextDecoder("utf-8", { fatal: true }).decode(this.#take(argument));
    if (major === 4) return this.#readMany(argument);
    if (major === 5)
      return new Map(Array.from({ length: argument }, (): [Item, Item] => [this.read(), this.read()]));
    return new Tagged(argument, this.read());
  }

  #readMany(count: number): Item[] {
    if (count > this.left) throw new RangeError(`${count} items in ${this.left} bytes`);
    return Array.from({ length: count }, () => this.read());
  }

  #readUnsigned(minor: number): number {
    if (minor > 27) throw new RangeError(`additional information ${minor}`);
    return this.#take(2 ** (minor - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  #readSimple(minor: number): Item {
    if (minor === 20 || minor === 21) return minor === 21;
    if (minor === 22) return null;
    if (minor !== 26 && minor !== 27) throw new RangeError(`simple value ${minor}`);
    const { buffer } = this.#take(2 ** (minor - 24)).slice();
    const view = new DataView(buffer);
    return new Float(minor === 26 ? view.getFloat32(0) : view.getFloat64(0));
  }

  #take(count: number): Uint8Array {
    if (count > this.left) throw new RangeError(`${count} bytes wanted, ${this.left} left`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

/** The bytes of an item, with the shortest heads. Floats are not written. */
export function writeItem(item: Item): Uint8Array<ArrayBuffer> {
  if (item instanceof Float) throw new TypeError("writeItem: floats are only read");
  if (typeof item === "number") return join(item < 0 ? writeHead(1, -1 - item) : writeHead(0, item));
  if (typeof item === "boolean") return Uint8Array.of(item ? 0xf5 : 0xf4);
  if (item === null) return Uint8Array.of(0xf6);
  if (item instanceof Tagged) return join(writeHead(6, item.tag), writeItem(item.content));
  if (item instanceof Uint8Array) return join(writeHead(2, item.length), item);
  if (typeof item === "string") {
    const bytes = new TextEncoder().encode(item);
    return join(writeHead(3, bytes.length), bytes);
  }
  if (item instanceof Map) return join(writeHead(5, item.size), ...[...item].flat().map(writeItem));
  const items = item as readonly Item[];
  return join(writeHead(4, items.length), ...items.map(writeItem));
}

function writeHead(major: number, argument: number): Uint8Array {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const width = [1, 2, 4, 8].find((bytes) => argument < 256 ** bytes)!;
  const digits = Array.from({ length: width }, (_, index) =>
    Number((BigInt(argument) >> BigInt(8 * (width - 1 - index))) & 255n),
  );
  return Uint8Array.of((major << 5) | (24 + Math.log2(width)), ...digits);
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
