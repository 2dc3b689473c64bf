// Whether a point of edwards25519 is in the prime-order subgroup, by halving it: six powers in the field instead of a
// multiplication by L. docs/protocol.md §4.
//
// The group is Z/8 × Z/L, so the subgroup is what can be halved three times. On the Montgomery form (RFC 7748 §4.1),
// v² = u·(u² + A·u + 1) with u = (1 + y)/(1 − y), a point can be halved if and only if u is a square: that is a
// homomorphism to F*/F*² which is not trivial, and the group has one subgroup of index 2. The halves of u are the x with
// (x² − 1)² = 4·u·x·(x² + A·x + 1); with t = x + 1/x that is t² − 4 = 4·u·(t + A), so t = 2·(u ± √(u² + A·u + 1)). Of
// the two t one belongs to halves that are on the curve, the one with t² − 4 a square; its x and 1/x differ by the
// point of order 2, and which is taken does not matter: that point can itself be halved twice.

/** 2^255 − 19. */
const P = 2n ** 255n - 19n;
const A = 486_662n;
const SQRT_MINUS_1 = 0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n;

/** `y` is the affine coordinate of a point on the curve other than the identity, 0 ≤ y < P. */
export function isTorsionFree(y: bigint): boolean {
  // Everything is multiplied by what it would be divided by: u = a/b.
  const [a, b] = [1n + y, 1n - y];
  const root = sqrt(a * a + A * a * b + b * b); // b·√(u² + A·u + 1), of a square as u is one
  if (root === null) return false;
  // √(t + 2) and √(t − 2), times b: exactly one of the two t has the first.
  const roots = [root, -root].map((sign) => [sqrt(2n * (2n + sign) * b), sign] as const);
  for (const [sum, sign] of roots) {
    if (sum === null) continue;
    const difference = sqrt(2n * (2n * y + sign) * b);
    if (difference === null) return false; // the halves on the curve have the other t, and cannot be halved
    return isSquareHalf(modP((sum + difference) ** 2n), modP(4n * b * b));
  }
  return false;
}

/**
 * Whether the halves of the point with u = c/e, which has halves, have halves: (t + A)·(t + 2) is a square for either t.
 */
function isSquareHalf(c: bigint, e: bigint): boolean {
  const root = sqrt(c * c + A * c * e + e * e);
  return root !== null && sqrt((2n * (c + root) + A * e) * 2n * (c + root + e)) !== null;
}

/** A square root of `value`, an integer of any sign; null where there is none. P ≡ 5 (mod 8): RFC 8032 §5.1.3. */
function sqrt(value: bigint): bigint | null {
  const square = modP(value);
  const root = modP(square * raise(square));
  const found = modP(root * root);
  if (found === square) return root;
  return found === modP(-square) ? modP(root * SQRT_MINUS_1) : null;
}

/** value ^ (2^252 − 3), which is (P − 5)/8. */
function raise(value: bigint): bigint {
  const ones2 = modP(square(value, 1) * value); // value ^ (2^2 − 1)
  const ones4 = modP(square(ones2, 2) * ones2);
  const ones5 = modP(square(ones4, 1) * value);
  const ones10 = modP(square(ones5, 5) * ones5);
  const ones20 = modP(square(ones10, 10) * ones10);
  const ones40 = modP(square(ones20, 20) * ones20);
  const ones80 = modP(square(ones40, 40) * ones40);
  const ones160 = modP(square(ones80, 80) * ones80);
  const ones240 = modP(square(ones160, 80) * ones80);
  const ones250 = modP(square(ones240, 10) * ones10);
  return modP(square(ones250, 2) * value);
}

function square(value: bigint, times: number): bigint {
  let result = value;
  for (let time = 0; time < times; time++) result = fold(result * result);
  return result;
}

const LOW_BITS = (1n << 255n) - 1n;

/** 0 ≤ value < 2^520 to less than 2^255 + 2^10, the same mod P: 2^255 is 19. */
function fold(value: bigint): bigint {
  const once = (value >> 255n) * 19n + (value & LOW_BITS);
  return (once >> 255n) * 19n + (once & LOW_BITS);
}

function modP(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}
