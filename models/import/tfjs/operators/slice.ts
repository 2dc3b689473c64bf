// Slice and StridedSlice. Bounds may be constant or computed out of shapes; masks are constant.
import type { Translation } from "../translation.ts";

/** Beyond every size, in both directions: bounds are clamped to what there is. */
const END = Number.MAX_SAFE_INTEGER;

/** One bound of one axis: a number, or a vector of one i64 that is computed. */
type Bound = number | string;

/** The elements of an input as bounds. */
function boundsOf(node: Translation, index: number, count: number): Bound[] {
  const known = node.knownIntegers(index);
  if (known !== null) return known;
  const wide = node.vector(node.input(index));
  return Array.from({ length: count }, (_, i) =>
    node.emit("Slice", [wide, node.int64s([i]), node.int64s([i + 1]), node.int64s([0]), node.int64s([1])]),
  );
}

/** Bounds as one vector. */
function joined(node: Translation, bounds: readonly Bound[]): string {
  const numbers = bounds.filter((bound) => typeof bound === "number");
  if (numbers.length === bounds.length) return node.int64s(numbers);
  const parts = bounds.map((bound) => (typeof bound === "number" ? node.int64s([bound]) : bound));
  return parts.length === 1 ? parts[0]! : node.emit("Concat", parts, { axis: 0 });
}

function lengthOf(node: Translation, index: number): number {
  const length = node.type(node.input(index)).shape?.[0];
  if (typeof length !== "number" || length > 8) throw node.refuse("a number of bounds that is not known");
  return length;
}

/** inputs: value, begin, size; a size of −1 goes to the end. */
export function slice(node: Translation): string {
  const count = lengthOf(node, 1);
  const begins = boundsOf(node, 1, count);
  const sizes = boundsOf(node, 2, count);
  const ends = begins.map((begin, axis): Bound => {
    const size = sizes[axis];
    if (size === undefined) throw node.refuse(`${begins.length} begins and ${sizes.length} sizes`);
    if (size === -1) return END;
    if (typeof size === "number" && typeof begin === "number") return begin + size;
    const [first, second] = [begin, size].map((bound) => joined(node, [bound]));
    const end = node.emit("Add", [first!, second!]);
    if (typeof size === "number") return end;
    const open = node.emit("Equal", [size, node.int64s([-1])]);
    return node.emit("Where", [open, node.int64s([END]), end]);
  });
  const axes = Array.from({ length: count }, (_, axis) => axis);
  return emitSlice(
    node,
    node.input(0),
    axes.map((axis) => ({ axis, begin: begins[axis]!, end: ends[axis]!, stride: 1 })),
  );
}

interface Cut {
  /** Negative axes count from the end. */
  readonly axis: number;
  readonly begin: Bound;
  readonly end: Bound;
  readonly stride: number;
}

function emitSlice(node: Translation, value: string, all: readonly Cut[]): string {
  const cuts = all.filter(({ begin, end, stride }) => begin !== 0 || end !== END || stride !== 1);
  if (cuts.length === 0) return value;
  return node.emit("Slice", [
    value,
    joined(
      node,
      cuts.map(({ begin }) => begin),
    ),
    joined(
      node,
      cuts.map(({ end }) => end),
    ),
    node.int64s(cuts.map(({ axis }) => axis)),
    node.int64s(cuts.map(({ stride }) => stride)),
  ]);
}

/** inputs: value, begin, end, strides; an entry of each per axis, but for those that a mask makes something else. */
export function stridedSlice(node: Translation): string {
  const strides = node.integers(3, "strides");
  if (strides.length > 8) throw node.refuse(`${strides.length} bounds`);
  const masks = Object.fromEntries(
    ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"].map((name) => [
      name,
      node.node.integer(name, 0),
    ]),
  );
  const masked = (name: string, entry: number) => ((masks[name]! >> entry) & 1) === 1;
  const begins = boundsOf(node, 1, strides.length);
  const ends = boundsOf(node, 2, strides.length);
  const entries = strides.map((_, entry) => entry);
  const ellipses = entries.filter((entry) => masked("ellipsis_mask", entry));
  if (ellipses.length > 1) throw node.refuse("two ellipses");
  const ellipsis = ellipses[0] ?? strides.length;
  const isNew = (entry: number) => masked("new_axis_mask", entry);
  const isShrunk = (entry: number) => !isNew(entry) && masked("shrink_axis_mask", entry);
  /** Where an entry stands among those of its kind, before the ellipsis from the front, after it from the back. */
  const place = (entry: number, counts: (other: number) => boolean) =>
    entry < ellipsis
      ? entries.filter((other) => other < entry && counts(other)).length
      : -entries.filter((other) => other >= entry && counts(other)).length;

  const cuts: Cut[] = [];
  const picks: { axis: number; index: string }[] = [];
  const shrunk: number[] = [];
  for (const entry of entries) {
    if (entry === ellipsis || isNew(entry)) continue;
    const axis = place(entry, (other) => other !== ellipsis && !isNew(other));
    const [begin, end, stride] = [begins[entry], ends[entry], strides[entry]!];
    if (begin === undefined || end === undefined || stride === 0)
      throw node.refuse("bounds of another length");
    if (isShrunk(entry)) {
      shrunk.push(axis);
      if (typeof begin === "string") picks.push({ axis, index: begin });
      else cuts.push({ axis, begin, end: begin === -1 ? END : begin + 1, stride: 1 });
      continue;
    }
    cuts.push({
      axis,
      begin: masked("begin_mask", entry) ? (stride > 0 ? 0 : END) : begin,
      end: masked("end_mask", entry) ? (stride > 0 ? END : -END) : end,
      stride,
    });
  }
  let value = emitSlice(node, node.input(0), cuts);
  // A computed index may be −1, whose end would be 0: Gather takes it as it is.
  for (const { axis, index } of picks) value = node.emit("Gather", [value, index], { axis });
  if (shrunk.length > 0) value = node.squeeze(value, shrunk);
  const added = entries
    .filter(isNew)
    .map((entry) => place(entry, (other) => other !== ellipsis && !isShrunk(other)));
  return added.length === 0 ? value : node.unsqueeze(value, added);
}
