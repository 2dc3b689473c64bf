// Collects tensors, operations and packed weights, and writes them as an artifact: a manifest and chunks of weights.
import type { Manifest, Op, TensorSpec, WeightRange } from "../engine/index.ts";
import { elementCount, encodeManifest, planMemory, readTensors } from "../engine/index.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { digest, digestRaw } from "../protocol/digest.ts";
import { ALIGNMENT_BYTES } from "../wasm/arena.ts";

/** Smaller than any platform's limit on a static file (25 MiB), and little enough to fetch again when damaged. */
const CHUNK_BYTES = 4 * 1024 * 1024;

export interface Artifact {
  readonly digest: Bytes;
  readonly manifest: Bytes;
  readonly chunks: readonly Bytes[];
}

/** What a manifest says that the graph does not. */
export type Header = Pick<Manifest, "name" | "task" | "licence" | "source" | "compiler" | "calibration">;

/** A graph as operations with their weights, before it is cut into chunks. */
export interface EmittedModel {
  readonly manifest: Manifest;
  readonly weights: Bytes;
  /** The graph's name of what each operation computes. */
  readonly values: readonly string[];
}

/** Collects what a manifest lists. Throws RangeError for a tensor that was not added: a mistake of the caller. */
export class ArtifactBuilder {
  readonly #tensors: TensorSpec[] = [];
  readonly #names = new Map<string, number>();
  readonly #ops: Op[] = [];
  readonly #weights: Uint8Array[] = [];
  #weightBytes = 0;

  addTensor(name: string, spec: TensorSpec): number {
    this.#names.set(name, this.#tensors.length);
    return this.#tensors.push(spec) - 1;
  }

  /** Another name for the same bytes: a reshape moves nothing. */
  addAlias(name: string, of: string): void {
    this.#names.set(name, this.tensor(of));
  }

  tensor(name: string): number {
    const index = this.#names.get(name);
    if (index === undefined) throw new RangeError(`no tensor ${name}`);
    return index;
  }

  addWeights(packed: Uint8Array): WeightRange {
    const offset = Math.ceil(this.#weightBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#weights.push(new Uint8Array(offset - this.#weightBytes), packed);
    this.#weightBytes = offset + packed.length;
    return { offset, bytes: packed.length };
  }

  addOp(op: Op): void {
    this.#ops.push(op);
  }

  /** The manifest is complete but for its chunks: enough to plan and to run, with weights() for its weights. */
  finish(header: Header, inputs: readonly string[], outputs: readonly string[]): Manifest {
    const ports = (names: readonly string[]) => names.map((name) => ({ name, tensor: this.tensor(name) }));
    const manifest: Manifest = {
      ...header,
      inputs: ports(inputs),
      outputs: ports(outputs),
      tensors: this.#tensors,
      ops: this.#ops,
      blocks: findBlocks(this.#tensors, this.#ops),
      chunks: [],
      memory: { weights: this.#weightBytes, arena: 0 },
      report: [],
    };
    const { arenaBytes } = planMemory(manifest);
    return { ...manifest, memory: { weights: this.#weightBytes, arena: arenaBytes } };
  }

  weights(): Bytes {
    return concatBytes(...this.#weights);
  }
}

/** Cuts the weights into chunks and describes them in the manifest, whose digest names the artifact. */
export async function writeArtifact(manifest: Manifest, weights: Bytes): Promise<Artifact> {
  const chunks: Bytes[] = [];
  for (let start = 0; start < weights.length; start += CHUNK_BYTES)
    chunks.push(weights.slice(start, start + CHUNK_BYTES));
  const described = await Promise.all(
    chunks.map(async (chunk) => ({ digest: await digestRaw(chunk), bytes: chunk.length })),
  );
  const bytes = encodeManifest({ ...manifest, chunks: described });
  return { digest: await digest("manifest", bytes), manifest: bytes, chunks };
}

/**
 * Blocks end where a single tensor carries everything that later operations need (so that one block can be
 * recomputed from the output of the one before), and of those points at the local minima of size (so that
 * hashing them stays cheap). Converted inputs are known anyway. The last operation always ends a block.
 */
function findBlocks(tensors: readonly TensorSpec[], ops: readonly Op[]): number[] {
  const lastRead = new Map<number, number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of readTensors(op)) lastRead.set(tensor, time);
  }
  const cuts: { op: number; elements: number }[] = [];
  const alive = new Set<number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of alive) if (lastRead.get(tensor) === time) alive.delete(tensor);
    alive.add(op.output);
    const elements = elementCount(tensors[op.output]!);
    if (alive.size === 1) cuts.push({ op: time, elements });
  }
  const isBlock = ({ op, elements }: (typeof cuts)[number], index: number): boolean => {
    if (op === ops.length - 1) return true;
    if (ops[op]!.kind === "convert") return false;
    const before = cuts[index - 1]?.elements ?? Number.POSITIVE_INFINITY;
    const after = cuts[index + 1]?.elements ?? Number.POSITIVE_INFINITY;
    return elements < before && elements <= after;
  };
  return cuts.filter(isBlock).map(({ op }) => op);
}
