// The first elements of a tensor, as people read numbers.

import { DTYPE_BYTES, type DType, type Tensor } from "../../protocol/tensor.ts";

const READERS: Readonly<Record<DType, (view: DataView, offset: number) => number | bigint>> = {
  u8: (view, offset) => view.getUint8(offset),
  i8: (view, offset) => view.getInt8(offset),
  i32: (view, offset) => view.getInt32(offset, true),
  f32: (view, offset) => view.getFloat32(offset, true),
  i64: (view, offset) => view.getBigInt64(offset, true),
  f64: (view, offset) => view.getFloat64(offset, true),
};

/** At most `limit` values; floating point rounded to six digits. */
export function readValues({ dtype, data }: Tensor, limit: number): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = DTYPE_BYTES[dtype];
  return Array.from({ length: Math.min(limit, data.length / size) }, (_, index) => {
    const value = READERS[dtype](view, index * size);
    return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
  });
}
