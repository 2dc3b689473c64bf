// What a sentence has to keep to so that the model sees all of it, found out while the graph is read.
import type { Form } from "./affine.ts";

export interface SentenceLimits {
  /** 1 ≤ number of tokens ≤ maxTokens; a longer sentence is one that the model would clip. Null: it clips nothing. */
  readonly maxTokens: number | null;
  /** Every token ≥ minToken; a smaller one is what the model takes for padding. */
  readonly minToken: number;
  /** Every token ≤ maxToken, the last row of the smallest table that they are looked up in. */
  readonly maxToken: number;
}

export class LimitFinder {
  #maxTokens = Number.POSITIVE_INFINITY;
  #minToken = 0;
  #maxToken = Number.POSITIVE_INFINITY;

  limits(): SentenceLimits {
    return {
      maxTokens: Number.isFinite(this.#maxTokens) ? this.#maxTokens : null,
      minToken: this.#minToken,
      maxToken: this.#maxToken,
    };
  }

  requireToken(least: number): void {
    this.#minToken = Math.max(this.#minToken, least);
  }

  requireRows(rows: number): void {
    this.#maxToken = Math.min(this.#maxToken, rows - 1);
  }

  /** Whether form ≥ 0 for every length and every coordinate, or null where it depends. */
  sign(form: Form): boolean | null {
    const least = lowest(form);
    if (this.#everywhere(least)) return true;
    const most = lowest({
      constant: -form.constant,
      length: -form.length,
      steps: form.steps.map((step) => -step),
    });
    return this.#everywhere({ constant: most.constant - 1, slope: most.slope }) ? false : null;
  }

  /** Makes form ≥ 0 by a limit on the length, if that is what it takes; otherwise returns false. */
  assume(form: Form): boolean {
    const { constant, slope } = lowest(form);
    const most = slope < 0 ? Math.floor(constant / -slope) : 0;
    if (most < 1) return false;
    this.#maxTokens = Math.min(this.#maxTokens, most);
    return true;
  }

  /** Of integers: whether constant + slope · n ≥ 0 for every length that is allowed. */
  #everywhere({ constant, slope }: { constant: number; slope: number }): boolean {
    if (constant + slope < 0) return false;
    return slope >= 0 || constant + slope * this.#maxTokens >= 0;
  }
}

/** The least over all coordinates 0 … n − 1, as constant + slope · n. */
function lowest({ constant, length, steps }: Form): { constant: number; slope: number } {
  const down = steps.reduce((sum, step) => sum + Math.min(0, step), 0);
  return { constant: constant - down, slope: length + down };
}
