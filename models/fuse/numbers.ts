// Numbers out of attributes that may be absent.
import type { Attribute } from "../graph.ts";

export function numberOr(attribute: Attribute | undefined, otherwise: number): number {
  return typeof attribute === "number" ? attribute : otherwise;
}
