import assert from "node:assert/strict";
import { test } from "node:test";
import { isBucket, PADDING_PREFIX_BYTES } from "../../protocol/padding.ts";
import type { PolicyName } from "../../protocol/policy.ts";
import { chooseSizeBucket, decodeRequest, encodeRequest, requestDigest } from "../../protocol/request.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { createRequest, INPUTS } from "./fixtures.ts";

const request = await createRequest("standard");

test("the size bucket is a bucket that holds the request, and is under the request digest", async () => {
  for (const sizeBucket of [1024, 1280, 20 * 2 ** 20])
    assert.equal(decodeRequest(encodeRequest({ ...request, sizeBucket })).sizeBucket, sizeBucket);
  for (const sizeBucket of [0, 1023, 1025, 24 * 2 ** 20])
    assert.throws(() => decodeRequest(encodeRequest({ ...request, sizeBucket })), { code: "out_of_range" });
  const large = { ...request, inputs: [bytesInput(1024)] };
  assert.throws(() => decodeRequest(encodeRequest(large)), { code: "out_of_range" });
  assert.notDeepEqual(await requestDigest(request), await requestDigest({ ...request, sizeBucket: 1280 }));
});

test("a policy is a name of this version or 32 bytes, and is under the request digest", async () => {
  const policy = new Uint8Array(32).fill(7);
  assert.deepEqual(decodeRequest(encodeRequest({ ...request, policy })).policy, policy);
  assert.notDeepEqual(await requestDigest(request), await requestDigest({ ...request, policy }));
  for (const [wrong, code] of [
    ["local", "out_of_range"], // who asks nobody sends nothing
    ["Standard", "out_of_range"],
    ["", "out_of_range"],
    [new Uint8Array(31), "wrong_length"],
    [new Uint8Array(33), "wrong_length"],
    [null, "wrong_type"],
  ] as const)
    assert.throws(() => decodeRequest(encodeRequest({ ...request, policy: wrong as PolicyName })), { code });
});

test("the bucket that a client chooses holds every seat's request, and no more than it needs", () => {
  for (let length = 1; length < 3000; length += 7) {
    const inputs = [bytesInput(length)];
    const sizeBucket = chooseSizeBucket(inputs);
    const sent = encodeRequest({ ...request, inputs, sizeBucket, seat: 63, deadline: 7_000_000_000_000 });
    assert.ok(isBucket(sizeBucket) && sizeBucket >= sent.length + PADDING_PREFIX_BYTES);
    assert.equal(decodeRequest(sent).sizeBucket, sizeBucket);
    if (length > 1024) assert.ok(sizeBucket < 1.25 * (sent.length + 128));
  }
  assert.equal(chooseSizeBucket(INPUTS), 1024);
});

function bytesInput(length: number): Tensor {
  return { dtype: "u8", shape: [length], data: new Uint8Array(length) };
}
