// What sealing costs both sides of one question to MobileNetV2, which is on top of what evidence costs.
import { utf8 } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { publicKey } from "../protocol/ed25519.ts";
import { DIGEST_BYTES } from "../protocol/limits.ts";
import { encodeRequest } from "../protocol/request.ts";
import {
  createSealingKeyPair,
  decodeSealedRequest,
  openSealedRequest,
  RESPONSE_NONCE_BYTES,
  sealRequest,
} from "../protocol/sealing.ts";
import { createQuestion } from "./evidence.ts";
import type { Effort } from "./quorum.ts";
import { interleave, judge, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";

/** As a reply of five classes has. */
const REPLY_BYTES = 900;

export async function benchSealing(effort: Effort): Promise<Row[]> {
  const request = await createQuestion({ digest: new Uint8Array(DIGEST_BYTES) }, [
    createRequest("u8", [1, 224, 224, 3]),
  ]);
  const content = encodeRequest(request);
  const workerKey = await publicKey(await digestRaw(utf8("a worker of the benchmark")));
  const pair = await createSealingKeyPair(await digestRaw(utf8("its sealing key")));
  const recipient = { workerKey, sealingKey: pair.publicKey };
  const responseNonce = new Uint8Array(RESPONSE_NONCE_BYTES);
  const seal = () => sealRequest(content, request.sizeBucket, recipient);
  const sealed = await seal();
  const open = () => openSealedRequest(decodeSealedRequest(sealed.bytes), pair, workerKey);
  const answer = async () => (await open()).sealReply(new Uint8Array(REPLY_BYTES), responseNonce);
  const reply = await answer();
  const times = await interleave([seal, open, answer, () => sealed.openReply(reply)], effort);
  const [sealing, opening, answering, reading] = times.map((list) => quantile(list, 0.5)) as [
    number,
    number,
    number,
    number,
  ];
  return [
    judge("sealing, client seals a request", sealing, "ms", null, null),
    judge("sealing, worker opens it", opening, "ms", null, null),
    judge("sealing, worker seals the reply", answering - opening, "ms", null, null),
    judge("sealing, client opens it", reading, "ms", null, null),
    judge("sealed request of a picture", sealed.bytes.length, "bytes", null, null),
  ];
}
