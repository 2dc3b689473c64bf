// The fields of one protobuf message, over pbf's reader, which trusts its bytes: here every length, wire type and end
// is checked, and 64-bit integers stay exact.
// attacker-controlled: a model file comes from a stranger.
import { PbfReader } from "pbf";
import { ModelError } from "../errors.ts";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Throws ModelError model_malformed wherever the bytes are not the message that its caller asks for. */
export class Fields {
  readonly #reader: PbfReader;
  /** True while the elements of one packed field are read: they have no wire type of their own. */
  #isPacked = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new PbfReader(bytes);
  }

  /** The number of the next field; 0 behind the last one. What its caller does not read is skipped. */
  next(): number {
    const reader = this.#reader;
    if (reader.pos === reader._valueStart && ![VARINT, FIXED64, BYTES, FIXED32].includes(reader.type)) {
      throw malformed(`a field has wire type ${reader.type}`);
    }
    let field: number;
    try {
      field = reader.nextField();
    } catch (cause) {
      throw malformed(`a field cannot be read: ${(cause as Error).message}`); // more than ten bytes in its number
    }
    if (!(reader.pos <= reader.length)) throw malformed("it ends early");
    if (field === 0 && reader.pos < reader.length) throw malformed("a field has number 0");
    return field;
  }

  /** A view of the file, not a copy. */
  bytes(): Uint8Array {
    const { pos, end } = this.#enter();
    this.#reader.pos = end;
    return this.#reader.buf.subarray(pos, end);
  }

  text(): string {
    return decodeText(this.bytes());
  }

  /** int64; uint64 has the same bits. */
  exact(): bigint {
    const { low, high } = this.#varint();
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** int64 as a number; beyond 2^53 it saturates. */
  integer(): number {
    const { low, high } = this.#varint();
    const value = (high | 0) * 2 ** 32 + low;
    return Math.max(-(2 ** 53), Math.min(2 ** 53, value));
  }

  /** The lower 32 bits: how int32 and enumerations are written, negative ones in ten bytes. */
  int32(): number {
    return this.#varint().low | 0;
  }

  float(): number {
    this.#expect(FIXED32, 4);
    return this.#reader.readFloat();
  }

  double(): number {
    this.#expect(FIXED64, 8);
    return this.#reader.readDouble();
  }

  /** A repeated number: calls `read` for each element, be they packed in one field or one a field. */
  each(read: () => void): void {
    if (this.#reader.type !== BYTES) {
      read();
      return;
    }
    const { end } = this.#enter();
    this.#isPacked = true;
    while (this.#reader.pos < end) read();
    this.#isPacked = false;
    if (this.#reader.pos !== end) throw malformed("a packed list ends within an element");
  }

  #enter(): { pos: number; end: number } {
    const reader = this.#reader;
    if (reader.type !== BYTES) throw malformed(`a field has wire type ${reader.type}, want ${BYTES}`);
    const { low, high } = this.#readVarint();
    const end = reader.pos + low;
    if (high !== 0 || end > reader.length) throw malformed("it ends early");
    return { pos: reader.pos, end };
  }

  #varint(): { low: number; high: number } {
    this.#expect(VARINT, 1);
    return this.#readVarint();
  }

  #readVarint(): { low: number; high: number } {
    const { buf } = this.#reader;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = buf[this.#reader.pos++];
      if (byte === undefined) throw malformed("it ends early");
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high |= bits >>> 4;
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    throw malformed("an integer has more than ten bytes");
  }

  #expect(type: number, bytes: number): void {
    const reader = this.#reader;
    if (!this.#isPacked && reader.type !== type) {
      throw malformed(`a field has wire type ${reader.type}, want ${type}`);
    }
    if (reader.pos + bytes > reader.length) throw malformed("it ends early");
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

export function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw malformed("a text is not UTF-8");
  }
}

export function malformed(detail: string): ModelError {
  return new ModelError("model_malformed", `not an ONNX file that can be read: ${detail}`);
}
