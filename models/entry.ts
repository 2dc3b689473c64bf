/** What a table has under a name that a stranger's file gives, which may be one that every object answers to. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
