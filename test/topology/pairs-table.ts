// What comes of each pair of vices on one committee. Vices of one kind come to the same, so a row of the table is of two
// kinds; a pair that comes to something else has a row of its own.

import { formatHex } from "../../protocol/bytes.ts";
import {
  ask,
  NAMED_BY_AUDIT,
  runCases,
  type Stage,
  type Summary,
  summarize,
  type VICE_NAMES,
} from "./cast.ts";
import { checkPromises } from "./promises.ts";
import { ASKERS, type Asker, formatCell, formatTable, type Row } from "./table-format.ts";

type ViceName = (typeof VICE_NAMES)[number];

/** Each vice is in one. A kind of one vice has its name. */
export const KINDS = {
  liar: ["lying", "subtle", "colluding", "twin", "lazy"],
  equivocating: ["equivocating"],
  copying: ["copying"],
  failing: ["replaying", "stale-key", "wrong-engine", "wrong-model", "flooding"],
  mute: ["hanging", "silent", "slow"],
} as const satisfies Record<string, readonly ViceName[]>;

type Kind = keyof typeof KINDS;

/** Under `fast` one is asked first, and the other where that one fails. */
const COLUMNS = {
  "fast, the first first": "fast",
  "fast, the second first": "fast",
  standard: "standard",
  strict: "strict",
} as const;
type Column = keyof typeof COLUMNS;
const COLUMN_NAMES = Object.keys(COLUMNS) as Column[];

/** Of two vices in one column. */
export interface Pair {
  readonly first: ViceName;
  readonly second: ViceName;
  readonly column: Column;
  readonly asker: Asker;
  readonly summary: Summary;
  /** Whom a run of the evidence finds at fault. */
  readonly proved: "neither" | "the first" | "the second" | "both";
}

/** Every outcome is held to the promises. */
export function measurePairs(stage: Stage): Promise<Pair[]> {
  const vices = Object.values(KINDS).flat();
  const pairs = vices.flatMap((first, index) => vices.slice(index).map((second) => ({ first, second })));
  const cases = pairs.flatMap((pair) =>
    COLUMN_NAMES.flatMap((column) => ASKERS.map((asker) => ({ ...pair, column, asker }))),
  );
  return runCases(cases, async (each) => {
    const { first, second, column, asker } = each;
    const names = [first, first === second ? `${second}-2` : second];
    const cast = column === "fast, the second first" ? names.toReversed() : names;
    const asked = { cast, policy: COLUMNS[column], rerun: asker === "with" ? stage.model : null };
    const outcome = await ask(stage, asked);
    const keys = await checkPromises(stage, asked, outcome);
    const [one, other] = names.map((name) => keys.has(formatHex(stage.records.get(name)!.record.workerKey)));
    const proved = one && other ? "both" : one ? "the first" : other ? "the second" : "neither";
    return { ...each, summary: summarize(stage, asked, outcome), proved };
  });
}

/** Of each two kinds, what comes of most of their pairs, and behind it each other pair. */
export function formatPairs(pairs: readonly Pair[]): string {
  const kinds = Object.keys(KINDS) as Kind[];
  const rows = kinds.flatMap((kind, index) =>
    kinds.slice(index).flatMap((other) => {
      const ofKinds = pairs.filter(({ first, second }) => kindOf(first) === kind && kindOf(second) === other);
      return formatKinds(ofKinds, `${formatKind(kind)} + ${formatKind(other)}`);
    }),
  );
  return formatTable(["pair", ...COLUMN_NAMES], rows);
}

function formatKinds(pairs: readonly Pair[], title: string): Row[] {
  const names = pairs.map(({ first, second }) => `\`${first}\` + \`${second}\``);
  const rows = [...new Set(names)].map((name): Row => {
    const cells = (asker: Asker) =>
      COLUMN_NAMES.map((column) =>
        formatPair(
          pairs.find((pair, at) => names[at] === name && pair.column === column && pair.asker === asker)!,
        ),
      );
    return { title: name, without: cells("without"), with: cells("with") };
  });
  const groups = Object.values(Object.groupBy(rows, (row) => JSON.stringify([row.without, row.with])));
  const [most, ...others] = groups.map((group) => group!).sort((a, b) => b.length - a.length);
  return [{ ...most![0]!, title }, ...others.flat()];
}

function formatPair({ summary, proved }: Pair): string {
  const audited = summary.seats.filter((seat) => seat === NAMED_BY_AUDIT).length;
  return formatCell(summary, [
    ...(proved === "neither" ? [] : [`evidence against ${proved}`]),
    ...(audited === 0 ? [] : [`the audit names ${audited === 1 ? "the copy" : "both"}`]),
  ]);
}

function kindOf(vice: ViceName): Kind {
  return (Object.keys(KINDS) as Kind[]).find((kind) => (KINDS[kind] as readonly ViceName[]).includes(vice))!;
}

function formatKind(kind: Kind): string {
  return KINDS[kind].length > 1 ? kind : `\`${kind}\``;
}
