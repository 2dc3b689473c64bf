// What this machine remembers between questions: files in the state folder, read before anybody is asked.
import { DecodeError } from "../../protocol/errors.ts";
import { readTextIfPresent, unreadable } from "../files.ts";

/**
 * Empty where there is no file yet; where it is damaged, what `onDamage` gives, or throws. Throws CliError
 * file_unreadable.
 */
export async function readMemory<K, V>(
  path: string,
  parse: (text: string) => ReadonlyMap<K, V>,
  onDamage: (error: DecodeError) => ReadonlyMap<K, V>,
): Promise<ReadonlyMap<K, V>> {
  const text = await readTextIfPresent(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (text === null) return new Map();
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return onDamage(error);
  }
}
