// Halving, held to multiplication by the order of the subgroup, which is what it stands for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Point } from "@noble/ed25519";
import { isTorsionFree } from "../../protocol/torsion.ts";

const L = Point.CURVE().n;

/** All points of small order, the identity first. The second coordinate that is decoded here has a part of order 8. */
function listTorsion(): Point[] {
  const encoded = new Uint8Array(32);
  for (let byte = 2; ; byte++) {
    encoded[0] = byte;
    const generator = multiplyByOrder(decode(encoded) ?? Point.ZERO);
    if (!generator.multiply(4n, false).is0())
      return Array.from({ length: 8 }, (_, times) => generator.multiply(BigInt(times), false));
  }
}

function decode(encoded: Uint8Array): Point | null {
  try {
    return Point.fromBytes(encoded);
  } catch {
    return null;
  }
}

const multiplyByOrder = (point: Point) => point.multiply(L - 1n, false).add(point);

const TORSION = listTorsion();

test("of the points of small order none but the identity is in the subgroup", () => {
  assert.equal(new Set(TORSION.map((point) => point.toHex())).size, 8);
  for (const point of TORSION.slice(1)) assert.equal(isTorsionFree(point.toAffine().y), false, point.toHex());
});

test("of the eight points that differ by torsion, one is in the subgroup", () => {
  let scalar = 1n;
  for (let count = 0; count < 100; count++) {
    scalar = (scalar * 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95n + 1n) % L;
    const point = Point.BASE.multiply(scalar, false);
    const verdicts = TORSION.map((torsion) => isTorsionFree(point.add(torsion).toAffine().y));
    assert.deepEqual(
      verdicts,
      TORSION.map((_, index) => index === 0),
      `${scalar}`,
    );
  }
});

test("of whatever decodes, the verdict is that of the multiplication", () => {
  const encoded = new Uint8Array(32);
  const count = { inside: 0, outside: 0 };
  for (let index = 2; index < 400; index++) {
    new DataView(encoded.buffer).setUint32(index % 29, index * 2_654_435_761, true);
    const point = decode(encoded);
    if (point === null || point.is0()) continue;
    const expected = multiplyByOrder(point).is0();
    assert.equal(isTorsionFree(point.Y), expected, point.toHex());
    count[expected ? "inside" : "outside"]++;
  }
  assert.ok(count.inside > 5 && count.outside > 50, JSON.stringify(count));
});
