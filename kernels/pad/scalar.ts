// pad: output[o] = input[source(o − before)] along each of six dimensions, both contiguous, elements of 1, 4 or 8
// bytes. source() of a coordinate outside the input: reflect mirrors at the outermost elements, edge takes the
// nearest, wrap counts modulo the size. A negative `before`, or an output that ends early, crops: what lies outside
// still is found from the whole input. The specification of the family, and all of it.
import { outerCount } from "../broadcast";
import { copyBlock } from "../bytes";
import { PAD_REFLECT, PAD_WRAP } from "../operators";
import { PadParams } from "./params";

export function pad__scalar(p: PadParams): void {
  if (p.elementBytes == 8) padAll<u64>(p);
  else if (p.elementBytes == 4) padAll<u32>(p);
  else padAll<u8>(p);
}

function padAll<T>(p: PadParams): void {
  const sizes = changetype<usize>(p) + offsetof<PadParams>("size0");
  const rows = p.size5 == 0 ? 0 : outerCount(sizes) * p.size4;
  // Columns of the output that are copied as they are.
  const first = min<i32>(max<i32>(p.before5, 0), p.size5);
  const end = max<i32>(first, min<i32>(p.size5, p.before5 + p.inputSize5));
  let output = p.output;
  for (let row = 0; row < rows; row++) {
    const input = p.input + <usize>(sourceRow(p, row) * p.inputSize5) * sizeof<T>();
    for (let k = 0; k < first; k++) padOne<T>(p, input, output, k);
    const inside = input + <usize>(first - p.before5) * sizeof<T>();
    copyBlock(output + <usize>first * sizeof<T>(), inside, <usize>(end - first) * sizeof<T>());
    for (let k = end; k < p.size5; k++) padOne<T>(p, input, output, k);
    output += <usize>p.size5 * sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function padOne<T>(p: PadParams, input: usize, output: usize, k: i32): void {
  const from = source(p.mode, k - p.before5, p.inputSize5);
  store<T>(output + <usize>k * sizeof<T>(), load<T>(input + <usize>from * sizeof<T>()));
}

/** Number of the input row that row `row` of the output shows. */
function sourceRow(p: PadParams, row: i32): i32 {
  const block = changetype<usize>(p);
  let rest = row;
  let inner = 1;
  let result = 0;
  for (let field: isize = 16; field >= 0; field -= 4) {
    const size = load<i32>(block + field, offsetof<PadParams>("size0"));
    const before = load<i32>(block + field, offsetof<PadParams>("before0"));
    const inputSize = load<i32>(block + field, offsetof<PadParams>("inputSize0"));
    result += source(p.mode, (rest % size) - before, inputSize) * inner;
    rest /= size;
    inner *= inputSize;
  }
  return result;
}

function source(mode: i32, at: i32, size: i32): i32 {
  if (at >= 0 && at < size) return at;
  if (mode == PAD_WRAP) return floorMod(at, size);
  if (mode != PAD_REFLECT) return at < 0 ? 0 : size - 1;
  if (size == 1) return 0;
  const within = floorMod(at, 2 * (size - 1));
  return within < size ? within : 2 * (size - 1) - within;
}

/** The remainder with the sign of `size`, which is positive. */
function floorMod(at: i32, size: i32): i32 {
  const remainder = at % size;
  return remainder < 0 ? remainder + size : remainder;
}
