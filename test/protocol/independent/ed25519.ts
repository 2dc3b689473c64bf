// The rule of docs/protocol.md §4, written from that document and RFC 8032 §5.1 alone, in integers.

import { createHash } from "node:crypto";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * invert(121666n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

/** X, Y, Z and T of RFC 8032 §5.1.4: x = X/Z, y = Y/Z, x · y = T/Z. */
type Point = readonly [bigint, bigint, bigint, bigint];

const IDENTITY: Point = [0n, 1n, 1n, 0n];
const BASE = decode(littleEndianBytes(mod(4n * invert(5n))))!;

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function invert(value: bigint): bigint {
  return power(mod(value), P - 2n);
}

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(point: Point, scalar: bigint): Point {
  let [result, doubled] = [IDENTITY, point];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, doubled);
    doubled = add(doubled, doubled);
  }
  return result;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function littleEndianBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

/** RFC 8032 §5.1.3, strictly; null for what is not the one encoding of a point. */
function decode(bytes: Uint8Array): Point | null {
  const encoded = littleEndian(bytes);
  const [sign, y] = [encoded >> 255n, encoded & (2n ** 255n - 1n)];
  if (bytes.length !== 32 || y >= P) return null;
  const [u, v] = [mod(y * y - 1n), mod(D * y * y + 1n)];
  const square = mod(u * invert(v));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_1);
  if (mod(x * x) !== square || (x === 0n && sign === 1n)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function encode([x, y, z]: Point): Buffer {
  const inverse = invert(z);
  return littleEndianBytes((mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n)) as bigint);
}

const isIdentity = ([x, y, z]: Point) => x === 0n && y === z;

/** Whether a key is admitted: canonical, of the prime-order subgroup, and not the identity. */
export function isAdmitted(key: Uint8Array): boolean {
  const point = decode(key);
  return point !== null && !isIdentity(point) && isIdentity(multiply(point, L));
}

/** Whether `signature`, of 64 bytes, holds under an admitted key: encode([S]B − [k]A) == R, with S < L. */
export function holds(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const hash = createHash("sha512").update(r).update(key).update(message).digest();
  const [x, y, z, t] = decode(key)!;
  const minusA: Point = [mod(-x), y, z, mod(-t)];
  const sum = add(multiply(BASE, s), multiply(minusA, littleEndian(hash) % L));
  return s < L && encode(sum).equals(r);
}
