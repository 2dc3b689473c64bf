// That every row of the benchmark can be made, and that the sizes, which are the same on every machine, are met.
import assert from "node:assert/strict";
import { test } from "node:test";
import { benchQuorum } from "../../bench/quorum.ts";
import { formatTable } from "../../bench/report.ts";

test("every row has a number, each has a name of its own, and no size is missed", async () => {
  const rows = await benchQuorum({ count: 2, warmUp: 1 });
  for (const { name, value } of rows) assert.ok(Number.isFinite(value), `${name} is ${value}`);
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  const sizes = rows.filter(({ unit }) => unit === "bytes");
  assert.deepEqual(
    sizes.filter(({ target }) => target !== null).map(({ name, met }) => [name, met]),
    [
      ["receipt", true],
      ["certificate, 3 signatures", true],
    ],
  );
  // Each row of asking says what it cost, beside how long it took.
  const asked = rows.filter(({ name }) => /asked, .*median$/.test(name));
  assert.equal(asked.length, 5);
  for (const { name } of asked)
    assert.ok(
      rows.some((row) => row.name === name.replace("median", "CPU of the client")),
      name,
    );
  assert.equal(formatTable(rows).split("\n").length, rows.length + 2);
});
