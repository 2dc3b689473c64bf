// CBOR as docs/protocol.md §2 has it, from that text alone: one encoding of each value, and nothing else is read.

export type Value = bigint | string | boolean | null | Uint8Array | Value[] | Map<bigint, Value>;

/** The bytes of a value. */
export function write(value: Value): Buffer {
  if (typeof value === "bigint") return value < 0n ? head(1, -1n - value) : head(0, value);
  if (typeof value === "boolean") return Buffer.of(value ? 0xf5 : 0xf4);
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === "string")
    return Buffer.concat([head(3, BigInt(Buffer.byteLength(value))), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, BigInt(value.length)), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, BigInt(value.length)), ...value.map(write)]);
  const entries = [...value].map(([key, item]) => [write(key), write(item)] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, BigInt(value.size)), ...entries.flat()]);
}

function head(major: number, argument: bigint): Buffer {
  if (argument < 24n) return Buffer.of((major << 5) | Number(argument));
  const width = [1, 2, 4, 8].find((bytes) => argument < 256n ** BigInt(bytes))!;
  const hex = argument.toString(16).padStart(2 * width, "0");
  return Buffer.from(((major << 5) | (24 + Math.log2(width))).toString(16).padStart(2, "0") + hex, "hex");
}

/** The value that these bytes are the encoding of. */
export function read(bytes: Uint8Array): Value {
  const [value, end] = readAt(bytes, 0, 0);
  if (end !== bytes.length) throw new Error("bytes behind the item");
  if (!write(value).equals(bytes)) throw new Error("not the encoding of its value");
  return value;
}

function readAt(bytes: Uint8Array, start: number, depth: number): [Value, end: number] {
  if (depth > 12) throw new Error("nested too deeply");
  const first = bytes[start];
  if (first === undefined) throw new Error("cut short");
  const [major, minor] = [first >> 5, first & 31];
  if (major === 7) {
    if (minor < 20 || minor > 22) throw new Error("no simple value of the protocol");
    return [minor === 22 ? null : minor === 21, start + 1];
  }
  if (minor > 27 || major === 6) throw new Error("an indefinite length or a tag");
  const at = start + 1 + (minor < 24 ? 0 : 2 ** (minor - 24));
  const argument =
    minor < 24 ? BigInt(minor) : BigInt(`0x${Buffer.from(bytes.subarray(start + 1, at)).toString("hex")}`);
  if (major < 2) return [major === 0 ? argument : -1n - argument, at];
  if (argument > bytes.length - at) throw new Error("longer than what is there");
  const count = Number(argument);
  if (major === 2) return [bytes.subarray(at, at + count), at + count];
  if (major === 3)
    return [
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(at, at + count)),
      at + count,
    ];
  const items: Value[] = [];
  let end = at;
  for (let left = major === 5 ? 2 * count : count; left > 0; left--) {
    const [item, next] = readAt(bytes, end, depth + 1);
    items.push(item);
    end = next;
  }
  if (major === 4) return [items, end];
  const map = new Map<bigint, Value>();
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index]!;
    if (typeof key !== "bigint") throw new Error("a key that is no integer");
    map.set(key, items[index + 1]!);
  }
  return [map, end];
}
