// What every benchmark returns, and how it is shown.

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly peerValue?: number;
  /** Above 1 ours is better. */
  readonly ratio?: number;
  readonly target?: number;
  readonly met?: boolean;
}
