// The tables of a sealing store. docs/operating.md says what they mean for the person who runs the worker.

/**
 * `seeds`: one row for each sealing key that still opens, two at most.
 *   period    whole periods of SEALING_PERIOD_MS since 1970: the key is named by records of this period
 *   seed      secret, 32 bytes, from which the key pair is derived (RFC 9180 §7.1.3)
 *
 * `claims`: one row for each sealed message that was taken and would otherwise be taken again.
 *   name      64 bytes: the key that it was sealed to, and the one that it was sealed with
 *   deadline  unix ms; the message is refused anyway after it
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS seeds (
    period INTEGER PRIMARY KEY,
    seed BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS claims (
    name BLOB PRIMARY KEY,
    deadline INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS claims_by_deadline ON claims (deadline);
`;

/** Makes the tables that are not there yet. */
export function createSealingSchema(sql: SqlStorage): void {
  sql.exec(SCHEMA);
}
