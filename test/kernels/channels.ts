// Shape cases of the families with a scale for each channel: per tensor, by the last dimension, by a middle one.

export interface Layout {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

export const LAYOUTS: readonly Layout[] = [
  ...[0, 1, 3, 4, 5, 8, 11].map((inner) => ({ outer: 1, channels: 1, inner })),
  ...[0, 1, 3, 4, 5, 8, 11].map((channels) => ({ outer: 3, channels, inner: 1 })),
  ...[2, 4, 7].map((inner) => ({ outer: 2, channels: 3, inner })),
  { outer: 0, channels: 5, inner: 4 },
];

export const lengthOf = ({ outer, channels, inner }: Layout): number => outer * channels * inner;
export const channelOf = ({ channels, inner }: Layout, i: number): number => Math.floor(i / inner) % channels;
