// Names that are used, and new ones near them.

export class Names {
  readonly #outer: Names | null;
  readonly #used: Set<string>;
  /** How often each name was asked for: the next one is not looked for from 1 again. */
  readonly #asked = new Map<string, number>();

  /** What is used in `outer` is used here too. */
  constructor(used: Iterable<string> = [], outer: Names | null = null) {
    this.#used = new Set(used);
    this.#outer = outer;
  }

  has(name: string): boolean {
    return this.#used.has(name) || this.#outer?.has(name) === true;
  }

  add(name: string): void {
    this.#used.add(name);
  }

  /** `near` itself, or `near~1`, `near~2` and so on: the first that is not used yet, and is from now on. */
  fresh(near: string): string {
    let count = this.#asked.get(near) ?? 0;
    let name = count === 0 ? near : `${near}~${count}`;
    while (name === "" || this.has(name)) name = `${near}~${++count}`;
    this.#asked.set(near, count);
    this.#used.add(name);
    return name;
  }
}
