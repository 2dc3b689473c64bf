// The tables of a registry. docs/operating.md says what each row means for the person who runs the region.

/**
 * `records`: one row for each worker key that was heard of lately.
 *   worker_key    Ed25519 public key, 32 bytes
 *   operator_key  key that signed the delegation in the record; quotas count it, because a domain can be claimed
 *                 by anybody until control of it is checked
 *   seq           of the newest record, unix ms at signing by custom; never goes down while the row lives
 *   digest        of that record; tells a repetition from a conflict
 *   bytes         the signed record as it came in; NULL once it has expired
 *   expires_at    unix s; the record is served before then
 *   forget_at     unix s; the row goes, later than every record with a lower seq could expire
 *
 * `quarantine`: one row for each key that signed two records with the same seq. It proves the fault to anybody.
 *   ends_at       unix s; the key may publish again, when both records have expired
 *   kept, refused the two signed records; `kept` is NULL if it had expired by then
 *
 * A key is in one table at most.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    worker_key BLOB PRIMARY KEY,
    operator_key BLOB NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    bytes BLOB,
    expires_at INTEGER NOT NULL,
    forget_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS quarantine (
    worker_key BLOB NOT NULL PRIMARY KEY,
    ends_at INTEGER NOT NULL,
    kept BLOB,
    refused BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS quarantine_by_end ON quarantine (ends_at);
`;

/** Makes the tables that are not there yet. */
export function createSchema(sql: SqlStorage): void {
  sql.exec(SCHEMA);
}
