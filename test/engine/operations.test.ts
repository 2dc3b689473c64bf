// Every kind of operation, changed in every way that a manifest can be: whatever is not refused runs, writes all of its
// outputs and nothing else, and reads nothing that it was not given.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import {
  createRunner,
  decodeManifest,
  ELEMENT_BYTES,
  type ElementType,
  encodeManifest,
  type Fields,
  type Manifest,
  OPERATIONS,
  type TensorSpec,
} from "../../engine/index.ts";
import { OPERATION_KINDS } from "../../engine/operations/operations.ts";
import { FIRST_FREE_BYTE } from "../../wasm/memory.ts";
import { CASES, complete, inputOf, manifestOf, weightsOf } from "./cases.ts";

const kernels = await readKernels();

type Change = readonly [title: string, apply: (manifest: Manifest) => Manifest];

const DTYPES = Object.keys(ELEMENT_BYTES) as ElementType[];
const LARGE = 2 ** 31 - 1;
/** Of two changes at once, for each case. */
const PAIRS = 200;
const INTEGERS = [-LARGE, -1, 0, 1, 2, 3, 4, 5, 300, LARGE];
const REALS = [-1, 0, 1, 0.5, 2 ** -149, -(2 ** 127), 2 ** 127];

const withTensor =
  (index: number, change: Partial<TensorSpec>) =>
  (manifest: Manifest): Manifest => ({
    ...manifest,
    tensors: manifest.tensors.map((tensor, at) => (at === index ? { ...tensor, ...change } : tensor)),
  });

const withTensors =
  (change: (tensor: TensorSpec) => TensorSpec) =>
  (manifest: Manifest): Manifest => ({ ...manifest, tensors: manifest.tensors.map(change) });

const withOp =
  (change: object) =>
  (manifest: Manifest): Manifest => ({
    ...manifest,
    ops: manifest.ops.map((op) => ({ ...op, ...change })) as Manifest["ops"],
  });

const withAttribute =
  (name: string, value: unknown) =>
  (manifest: Manifest): Manifest =>
    withOp({ attributes: { ...manifest.ops[0]!.attributes, [name]: value } })(manifest);

function* changeShape(sizes: readonly number[]): Generator<readonly number[]> {
  for (const [axis, size] of sizes.entries()) {
    for (const other of [size - 1, size + 1, 0, -1, 65_537, LARGE]) {
      const changed = sizes.with(axis, other);
      yield changed;
      for (let second = axis + 1; second < sizes.length; second++) yield changed.with(second, 0);
    }
  }
  yield* [sizes.slice(1), sizes.slice(0, -1), [1, ...sizes], [...sizes, 1]];
  yield [1, 1, 1, 1, 1, 1, ...sizes].slice(-8);
}

function* changeTensors({ tensors }: Manifest): Generator<Change> {
  for (const [index, { dtype, shape }] of tensors.entries()) {
    const change = (title: string, value: Partial<TensorSpec>): Change => [
      `tensor ${index} ${title}`,
      withTensor(index, value),
    ];
    for (const other of changeShape(shape as number[])) yield change(`of [${other}]`, { shape: other });
    for (const other of DTYPES) if (other !== dtype) yield change(`of ${other}`, { dtype: other });
    for (const scale of [2 ** -149, 2 ** 127]) yield change(`with scale ${scale}`, { scale });
    for (const zeroPoint of [-128, 127]) yield change(`with zero point ${zeroPoint}`, { zeroPoint });
    for (const storage of [...tensors.keys(), { offset: 0, bytes: 0 }])
      yield change(`at ${JSON.stringify(storage)}`, { storage });
  }
}

/** What compares tensors with each other stays content. */
function* changeAllTensors(): Generator<Change> {
  for (const from of [1, 2, 3, 4]) {
    for (const to of [0, 1, 2, 3]) {
      const resized = ({ shape, ...rest }: TensorSpec) => ({
        ...rest,
        shape: shape.map((size) => (size === from ? to : size)),
      });
      yield [`every size of ${from} made ${to}`, withTensors(resized)];
    }
  }
  for (const dtype of DTYPES)
    yield [`every tensor of ${dtype}`, withTensors((tensor) => ({ ...tensor, dtype }))];
}

function* changeOperands(manifest: Manifest): Generator<Change> {
  const op = manifest.ops[0]!;
  for (const side of ["inputs", "outputs"] as const) {
    const change = (title: string, list: readonly number[]): Change => [
      `${side}: ${title}`,
      withOp({ [side]: list }),
    ];
    for (const index of op[side].keys())
      for (const tensor of [-1, ...manifest.tensors.keys(), manifest.tensors.length, 16_383])
        yield change(`tensor ${tensor} at ${index}`, op[side].with(index, tensor));
    yield change("fewer", op[side].slice(0, -1));
    yield change("more", [...op[side], op[side][0] ?? 0]);
  }
}

function* changeAttributes(manifest: Manifest): Generator<Change> {
  const { kind, attributes } = manifest.ops[0]!;
  const given = attributes as Readonly<Record<string, unknown>>;
  for (const [name, type] of Object.entries(OPERATIONS[kind].fields as Fields)) {
    const change = (value: unknown): Change => [
      `${name} = ${JSON.stringify(value)}`,
      withAttribute(name, value),
    ];
    if (type === "integer") yield* INTEGERS.map(change);
    if (type === "real") yield* REALS.map(change);
    if (type === "integers") {
      const list = given[name] as readonly number[];
      for (const index of list.keys()) yield* INTEGERS.map((value) => change(list.with(index, value)));
      yield* [[], list.slice(1), [...list, 1]].map(change);
    }
    if (type === "weights") {
      const { bytes } = given[name] as { bytes: number };
      yield* [
        { offset: 0, bytes: bytes - 4 },
        { offset: 4, bytes },
        { offset: LARGE, bytes },
      ].map(change);
    }
  }
}

/** Every change, and some of the pairs of two: in an order that looks like none, and the same each time. */
function findChanges(manifest: Manifest): Change[] {
  const changes = [changeTensors, changeAllTensors, changeOperands, changeAttributes].flatMap((each) => [
    ...each(manifest),
  ]);
  const pairs = Array.from({ length: PAIRS }, (_, index): Change => {
    const [first, second] = [2_654_435_761, 40_503].map(
      (factor) => changes[((index + 1) * factor) % changes.length]!,
    );
    return [`${first![0]}; ${second![0]}`, (given) => second![1](first![1](given))];
  });
  return [...changes, ...pairs];
}

/** Between the tensors, behind them and in scratch. */
const GARBAGE = [0x00, 0x5a, 0xff];

/** Fails where outputs depend on garbage or on the kernels, or where an input or the weights changed. */
function runEverywhere(manifest: Manifest): void {
  const weights = weightsOf(manifest);
  const given = manifest.inputs.map(({ tensor }) => inputOf(manifest.tensors[tensor]!));
  const read = manifest.inputs.filter(({ tensor }) => manifest.ops[0]!.inputs.includes(tensor));
  let expected: Uint8Array[] | null = null;
  for (const isa of ["scalar", "simd128"] as const) {
    const runner = createRunner(kernels, isa, { manifest, weights });
    const own = manifest.tensors.flatMap(({ storage }, index) =>
      storage === null ? [runner.tensor(index)] : [],
    );
    const arena = Math.min(...own.map(({ byteOffset }) => byteOffset));
    for (const garbage of GARBAGE) {
      const memory = own[0]!.buffer;
      new Uint8Array(memory, arena).fill(garbage);
      runner.run(given);
      const outputs = manifest.outputs.map(({ tensor }) => runner.tensor(tensor).slice());
      for (const { name, tensor } of read) {
        const { data } = given[manifest.inputs.findIndex((port) => port.name === name)]!;
        assert.deepEqual(runner.tensor(tensor).slice(), data, `input ${name} on ${isa}`);
      }
      assert.deepEqual(new Uint8Array(memory, FIRST_FREE_BYTE, weights.length).slice(), weights, isa);
      expected ??= outputs;
      assert.deepEqual(outputs, expected, `outputs on ${isa} over ${garbage}`);
    }
  }
}

const REFUSALS = /^(manifest_invalid|memory_exhausted|budget_exceeded|out_of_range)$/;

/** What is wrong with it: null where it runs well, or is refused by a code that says so. */
function findFault(manifest: Manifest): string | null {
  try {
    runEverywhere(decodeManifest(encodeManifest(complete(manifest))));
    return null;
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    return REFUSALS.test(code) ? null : `${code} ${message}`;
  }
}

for (const kind of OPERATION_KINDS) {
  test(`${kind}: a changed manifest is refused, or runs and reads and writes nothing but its tensors`, () => {
    for (const [index, each] of CASES[kind].entries()) {
      const honest = manifestOf(kind, each);
      runEverywhere(complete(honest));
      const faults = findChanges(honest)
        .map(([title, apply]) => [title, findFault(apply(honest))])
        .filter(([, fault]) => fault !== null);
      assert.deepEqual(faults, [], `case ${index}`);
    }
  });
}
