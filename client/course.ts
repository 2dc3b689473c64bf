// Where a question stands: who was asked, since when there is agreement, and whom to ask next.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import type { Party, Policy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import { createQuorumError, type QuorumError, type Testimony } from "./answer.ts";
import type { SignedVerdict, Verdict } from "./ask.ts";
import type { Clock } from "./clock.ts";
import type { FanOut, Pending } from "./fan-out.ts";
import { findNearer } from "./named-seats.ts";
import type { Judged } from "./referee.ts";
import { type Tally, tally } from "./tally.ts";

/** The part of the deadline that a seat may take longer than those that signed. */
const HEDGE_PART = 10;

/** What does not change while the question is under way. */
export interface Plan {
  readonly policy: Policy;
  readonly start: number; // unix milliseconds
  readonly deadlineMs: number;
  readonly settleMs: number;
}

/** One question under way. Owns who is asked next; decide() asks it what to do, and closes it through askQuorum. */
export class Course {
  // #fanOut is shared with askQuorum, which asks the first committee. #substitutes shrinks and never grows.
  readonly #plan: Plan;
  readonly #fanOut: FanOut;
  readonly #substitutes: OpenedRecord[];
  readonly #clock: Clock;
  #agreedSince: number | null = null;
  #freshFrom: number | null = null;
  #localStatement: Bytes | null = null;
  #judged: Judged | null = null;

  constructor(options: {
    readonly plan: Plan;
    readonly fanOut: FanOut;
    readonly substitutes: readonly OpenedRecord[];
    readonly clock: Clock;
  }) {
    this.#plan = options.plan;
    this.#fanOut = options.fanOut;
    this.#substitutes = [...options.substitutes];
    this.#clock = options.clock;
  }

  /** From here only signatures under this statement (its digest) count. */
  setLocalStatement(statement: Bytes): void {
    this.#localStatement = statement;
  }

  /** From here a referee's finding may confirm the result that most signed; its proof goes with whatever comes. */
  setJudged(judged: Judged): void {
    this.#judged = judged;
  }

  /** What a referee signed against those that are at fault: one file, or none. */
  get faultProofs(): readonly Bytes[] {
    return this.#judged === null ? [] : [this.#judged.faultProof];
  }

  /** What the verdicts amount to now, and since when they agree. */
  observe(): Tally {
    const state = tally({
      policy: this.#plan.policy,
      verdicts: this.#fanOut.verdicts,
      localStatement: this.#localStatement,
      judgedStatement: this.#judgedStatement(),
      freshFrom: this.#freshFrom,
    });
    if (state.status !== "agreed") this.#agreedSince = null;
    else this.#agreedSince ??= this.#clock.now();
    return state;
  }

  #judgedStatement(): Bytes | null {
    const finding = this.#judged?.judgement.finding;
    return finding?.scope === "model" ? finding.digest : null;
  }

  /** Enough agree, and everyone asked has spoken or had `settleMs` more to contradict. */
  isSettled(): boolean {
    return this.#fanOut.pending.length === 0 || this.#clock.now() >= this.#settlesAt();
  }

  get #deadline(): number {
    return this.#plan.start + this.#plan.deadlineMs;
  }

  get #halfMs(): number {
    return Math.floor(this.#plan.deadlineMs / 2);
  }

  /**
   * When a seat is late, unix milliseconds. A member of the committee has little longer than the slowest that signed: an
   * honest worker needs about as long as another. Everyone else has half of the deadline, unless a local run decides.
   * Policy: a liar that answers before anyone can compute makes a committee late once, and does not use up the
   * substitutes that outvote it.
   */
  #lateAt({ seat, start }: Pending): number {
    const isMember = seat < this.#from + this.#plan.policy.ask;
    if (!isMember && this.#localStatement === null) return start + this.#halfMs;
    const signed = this.#fanOut.verdicts.filter(({ outcome }) => outcome === "signed");
    if (signed.length === 0) return start + this.#halfMs;
    const slowestMs = Math.max(...signed.map(({ elapsedMs }) => elapsedMs));
    return start + Math.min(slowestMs + Math.floor(this.#plan.deadlineMs / HEDGE_PART), this.#halfMs);
  }

  /** Seats that may still speak in time. Who is late is not counted on any more, and still heard. */
  get #punctual(): readonly Pending[] {
    return this.#fanOut.pending.filter((pending) => this.#clock.now() < this.#lateAt(pending));
  }

  /** The first seat that may become part of the answer: a second committee answers alone. */
  get #from(): number {
    return this.#localStatement === null ? (this.#freshFrom ?? 0) : 0;
  }

  #settlesAt(): number {
    return Math.min((this.#agreedSince ?? this.#deadline) + this.#plan.settleMs, this.#deadline);
  }

  /** No more can come: the deadline has passed, or nobody is being asked and nobody is left. */
  isOver(state: Tally): boolean {
    if (this.#clock.now() >= this.#deadline) return true;
    return state.status !== "agreed" && this.#fanOut.pending.length === 0;
  }

  /** Of a conflict: nobody who is being asked may end it in time. To be read after askMore. */
  isStuck(): boolean {
    return this.#localStatement === null && !this.#punctual.some(({ seat }) => seat >= this.#from);
  }

  /**
   * Substitutes for seats that failed or stay silent, and a second committee after a conflict. Where enough agree
   * already, for seats that failed only: in a committee of which one cannot speak, fewer liars are the whole of it.
   */
  askMore(state: Tally): void {
    if (this.#clock.now() >= this.#deadline) return;
    if (state.status === "conflict" && this.#localStatement === null) this.#freshFrom ??= this.#fanOut.asked;
    while (this.#substitutes.length > 0 && this.#isShort(state))
      this.#fanOut.ask(this.#takeSubstitute(state));
  }

  /** Whether those in play cannot decide, whatever they sign, and a substitute would help. */
  #isShort(state: Tally): boolean {
    const goal = this.#localStatement === null ? this.#plan.policy.ask : this.#plan.policy.accept;
    return this.#partiesInPlay(state).length < goal || this.#findNeeded(state) >= 0;
  }

  /** Whose signature may still become part of the answer. */
  #partiesInPlay(state: Tally): readonly Party[] {
    const awaited = state.status === "agreed" ? this.#fanOut.pending : this.#punctual;
    const pending = awaited.filter(({ seat }) => seat >= this.#from);
    const signed = this.#candidates(state).filter(({ seat }) => seat >= this.#from);
    return [...signed, ...pending.map(({ record }) => record.record)];
  }

  /** Whose signatures may still be accepted: one result's signers, or all who signed while nothing decides. */
  #candidates(state: Tally): readonly SignedVerdict[] {
    if (state.status === "open") return state.signed;
    if (state.status === "agreed") return state.agreed;
    const right = this.#localStatement;
    if (right === null) return state.classes.flat();
    return state.classes.find(([member]) => equalBytes(member!.receipt.wrap.statement, right)) ?? [];
  }

  /**
   * The first substitute that brings what those in play lack: an operator of the quorum, or else a provider. -1: none.
   */
  #findNeeded(state: Tally): number {
    const inPlay = this.#partiesInPlay(state);
    const substitutes = this.#substitutes.map(({ record }) => record);
    const named = findNearer(this.#plan.policy.quorum, inPlay, substitutes);
    const known = new Set(inPlay.map(({ provider }) => provider));
    if (named >= 0 || known.size >= this.#plan.policy.providers) return named;
    return substitutes.findIndex(({ provider }) => !known.has(provider));
  }

  /** The next in the seeded order, or the next that is needed. */
  #takeSubstitute(state: Tally): OpenedRecord {
    return this.#substitutes.splice(Math.max(0, this.#findNeeded(state)), 1)[0]!;
  }

  /** Waits for the next verdict or the next moment at which something changes by itself. */
  async nextChange(state: Tally): Promise<void> {
    const next =
      state.status === "agreed"
        ? [this.#settlesAt()]
        : this.#punctual.map((pending) => this.#lateAt(pending));
    await this.#fanOut.nextVerdict(Math.min(...next, this.#deadline));
  }

  /** Ends every ask. The verdicts, by seat. */
  close(): Verdict[] {
    return this.#fanOut.close("cancelled");
  }

  /** Ends every ask. The error that says why there is no answer. `countersign` signs the local run, if there was one. */
  fail(state: Tally, countersign: () => Promise<Testimony>): Promise<QuorumError> {
    const timedOut = this.#clock.now() >= this.#deadline;
    return createQuorumError({
      request: this.#fanOut.request,
      policy: this.#plan.policy,
      verdicts: this.#fanOut.close(timedOut ? "timed_out" : "cancelled"),
      classes: state.status === "conflict" ? state.classes : [this.#candidates(state)],
      localStatement: this.#localStatement,
      countersign,
      faultProofs: this.faultProofs,
    });
  }
}
