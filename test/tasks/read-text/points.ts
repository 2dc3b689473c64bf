// Points for the properties of geometric functions: integers, as pixels are.
import fc from "fast-check";

export const point = fc.record({
  x: fc.integer({ min: -50, max: 50 }),
  y: fc.integer({ min: -50, max: 50 }),
});
export const points = fc.array(point, { minLength: 1, maxLength: 60 });
