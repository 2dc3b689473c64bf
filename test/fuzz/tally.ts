// What a run of the fuzzer has seen.
import type { Outcome } from "./check.ts";
import type { FuzzCase } from "./generate.ts";

export class Tally {
  readonly #names: readonly string[];
  readonly #ran = new Map<string, number>();
  readonly #counts = { passed: 0, refused: 0, failed: 0, compared: 0, quantized: 0 };
  readonly #reasons = new Map<string, number>();
  readonly #started = performance.now();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add({ rules }: FuzzCase, outcome: Outcome): void {
    this.#counts[outcome.kind]++;
    if (outcome.kind === "refused") this.#count(`refused: ${outcome.reason}`);
    if (outcome.kind !== "passed") return;
    for (const rule of rules) this.#ran.set(rule, (this.#ran.get(rule) ?? 0) + 1);
    if (outcome.isQuantized) this.#counts.quantized++;
    if (outcome.peer === null) this.#counts.compared++;
    else this.#count(`peer: ${outcome.peer}`);
  }

  /** Rules that no passed case had. */
  get missing(): string[] {
    return this.#names.filter((name) => !this.#ran.has(name));
  }

  get counts(): Readonly<Record<"passed" | "refused" | "failed" | "compared" | "quantized", number>> {
    return this.#counts;
  }

  line(): string {
    const { passed, refused, failed, compared, quantized } = this.#counts;
    const all = passed + refused + failed;
    const rate = (all / ((performance.now() - this.#started) / 1000)).toFixed(1);
    const covered = `${this.#names.length - this.missing.length} of ${this.#names.length} rules`;
    return `${all} cases (${rate}/s), ${covered}: ${passed} passed (${compared} against the peer, ${quantized} in int8), ${refused} refused, ${failed} failed`;
  }

  report(): string {
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a).slice(0, 12);
    const missing = this.missing.length === 0 ? [] : [`never ran: ${this.missing.join(", ")}`];
    return [this.line(), ...missing, ...reasons.map(([reason, times]) => `${times} × ${reason}`)].join("\n");
  }

  /** Cases differ in names and shapes; reasons are counted without them. */
  #count(reason: string): void {
    const plain = reason.replaceAll(/\[[^\]]*\]|node \S+|[vbl]\d+\w*/g, "…").slice(0, 160);
    this.#reasons.set(plain, (this.#reasons.get(plain) ?? 0) + 1);
  }
}
