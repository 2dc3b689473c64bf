import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chanceToFill, countFilled, DRAWS, SCENARIOS, tolerance } from "../../bench/selection.ts";

const document = readFileSync(new URL("../../docs/threat-model.md", import.meta.url), "utf8");
const SHORT = 200;

/** `| what the attacker has | seats | closed form % | simulated % |` */
const SHOWN = [
  ...document.matchAll(/^\| (\d+ of \d+ operators.*?) \| (\d) \| ([\d.]+) % \| ([\d.]+) % \|$/gm),
];

test("the table of the threat model has every row of the bench, with its chance and a share within its error", () => {
  const rows = SCENARIOS.flatMap((scenario) => scenario.sizes.map((seats) => ({ scenario, seats })));
  assert.deepEqual(
    SHOWN.map(([, name, seats]) => [name, Number(seats)]),
    rows.map(({ scenario, seats }) => [scenario.name, seats]),
  );
  for (const [index, [, name, seats, closed, simulated]] of SHOWN.entries()) {
    const chance = chanceToFill(rows[index]!.scenario, Number(seats));
    const digits = closed!.split(".")[1]?.length ?? 0;
    assert.equal(Number(closed), Number((100 * chance).toFixed(digits)), `${name}, ${seats}`);
    const error = Math.abs(Number(simulated) / 100 - chance);
    assert.ok(error <= tolerance(chance, DRAWS), `${name}, ${seats}: ${simulated} %`);
  }
});

test("half of all workers in 4 of 40 operators fill a committee of three with 0.04 %, drawn one by one with 12 %", () => {
  assert.equal((100 * chanceToFill(SCENARIOS[0]!, 3)).toFixed(2), "0.04");
  assert.equal((100 * chanceToFill(SCENARIOS.at(-1)!, 3)).toFixed(1), "12.0");
});

for (const scenario of SCENARIOS)
  test(`planSeats meets the closed form: ${scenario.name}`, async () => {
    const seats = scenario.sizes.includes(1) ? 1 : 3;
    const chance = chanceToFill(scenario, seats);
    const share = (await countFilled(scenario, seats, SHORT)) / SHORT;
    assert.ok(Math.abs(share - chance) <= tolerance(chance, SHORT), `${share} instead of ${chance}`);
  });
