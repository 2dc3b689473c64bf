// What a runtime is asked to compute, and what it answers; both travel as JSON.

import type { DType } from "../../protocol/tensor.ts";
import type { Isa } from "../../wasm/families.ts";
import type { OperatorDigests } from "./operators-program.ts";

export interface JobInput {
  readonly name: string;
  readonly isas: readonly Isa[];
  /** `data` in base64url. */
  readonly tensors: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly data: string;
  }[];
}

export interface JobModel {
  readonly name: string;
  /** Model digest, hex: the folder of its artifact. */
  readonly digest: string;
  readonly inputs: readonly JobInput[];
}

export type Job = readonly JobModel[];

/** Digests as in the golden table, hex. */
export interface Computed {
  readonly model: string;
  readonly input: string;
  readonly isa: Isa;
  readonly output: string;
  readonly blocks: string;
}

/** Relative to the origin that the program is given. */
export const JOB_PATH = "/job.json";
export const KERNELS_PATH = "/kernels.wasm";
export const ARTIFACTS_PATH = "/artifacts";
/** Takes an Outcome. */
export const OUTCOME_PATH = "/outcome";

export interface Computations {
  readonly models: readonly Computed[];
  readonly operators: OperatorDigests;
}

export type Outcome = Computations | { readonly failure: string };
