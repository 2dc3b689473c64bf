// The part of CDDL (RFC 8610) that docs/protocol.cddl is written in: rules with generics, type choices, arrays, maps and
// named groups with occurrences, literals, ranges, tags, control operators. No group choices, sockets, unwrapping or
// enumerations: what is not known is refused, not passed over.

/** A type, RFC 8610 §3. */
export type Type =
  | { readonly kind: "choice"; readonly of: readonly Type[] }
  | { readonly kind: "name"; readonly name: string; readonly parameters: readonly Type[] }
  | { readonly kind: "literal"; readonly value: number | string }
  | { readonly kind: "range"; readonly min: Type; readonly max: Type; readonly open: boolean }
  | { readonly kind: "control"; readonly operator: string; readonly target: Type; readonly argument: Type }
  | { readonly kind: "array" | "map" | "group"; readonly entries: readonly Entry[] }
  | { readonly kind: "tag"; readonly tag: number; readonly content: Type };

/** What an array, a map or a group lists. */
export interface Entry {
  readonly min: number;
  readonly max: number;
  readonly key: Type | null; // in arrays it is only a name
  readonly value: Type;
}

export interface Rule {
  readonly parameters: readonly string[];
  readonly type: Type;
}

const CONTROLS = [".size", ".cbor", ".regexp", ".and", ".lt", ".le", ".gt", ".ge"];
const NAME = /^[A-Za-z@_$]/;
const TOKENS =
  /;[^\n]*|"(?:[^"\\]|\\.)*"|#6\.\d+|[A-Za-z@_$](?:[-.]*[A-Za-z0-9@_$])*|\.[a-z]+|\.{2,3}|\d*\*\d*|-?\d+|=>|[=/:,()[\]{}<>+?]|\S/g;

/** Rules by name, in the order of the text: the first is the root. Throws SyntaxError. */
export function parseCddl(text: string): ReadonlyMap<string, Rule> {
  const tokens = [...text.matchAll(TOKENS)].map(([token]) => token).filter((token) => !token.startsWith(";"));
  const parser = new Parser(tokens);
  const rules = new Map<string, Rule>();
  while (!parser.isDone()) {
    const [name, rule] = parser.readRule();
    if (rules.has(name)) throw new SyntaxError(`${name} is defined twice`);
    rules.set(name, rule);
  }
  return rules;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  isDone(): boolean {
    return this.#at === this.#tokens.length;
  }

  readRule(): [string, Rule] {
    const name = this.#readName();
    const parameters = this.#accept("<") ? this.#readList(">", () => this.#readName()) : [];
    this.#expect("=");
    // Here a parenthesis opens a group; inside a type it is only for precedence.
    const type: Type = this.#accept("(")
      ? { kind: "group", entries: this.#readEntries(")") }
      : this.#readType();
    return [name, { parameters, type }];
  }

  #readType(): Type {
    const of = [this.#readOperation()];
    while (this.#accept("/")) of.push(this.#readOperation());
    return of.length === 1 ? of[0]! : { kind: "choice", of };
  }

  /** type1: one range or one control operator at most. */
  #readOperation(): Type {
    const target = this.#readOperand();
    const operator = this.#peek();
    if (operator === ".." || operator === "...") {
      this.#at++;
      return { kind: "range", min: target, max: this.#readOperand(), open: operator === "..." };
    }
    if (!operator?.startsWith(".")) return target;
    if (!CONTROLS.includes(operator)) throw this.#unexpected("a control operator that is known");
    this.#at++;
    return { kind: "control", operator, target, argument: this.#readOperand() };
  }

  #readOperand(): Type {
    const token = this.#peek() ?? "";
    if (NAME.test(token)) {
      this.#at++;
      const parameters = this.#accept("<") ? this.#readList(">", () => this.#readOperation()) : [];
      return { kind: "name", name: token, parameters };
    }
    const value = readLiteral(token);
    if (value !== null) {
      this.#at++;
      return { kind: "literal", value };
    }
    if (this.#accept("[")) return { kind: "array", entries: this.#readEntries("]") };
    if (this.#accept("{")) return { kind: "map", entries: this.#readEntries("}") };
    const isTag = token.startsWith("#6.");
    if (isTag) this.#at++;
    this.#expect("(");
    const content = this.#readType();
    this.#expect(")");
    return isTag ? { kind: "tag", tag: Number(token.slice(3)), content } : content;
  }

  #readEntries(end: string): Entry[] {
    const entries: Entry[] = [];
    while (!this.#accept(end)) {
      entries.push(this.#readEntry());
      this.#accept(",");
    }
    return entries;
  }

  #readEntry(): Entry {
    const [min, max] = this.#readOccurrence();
    const token = this.#peek() ?? "";
    if (this.#tokens[this.#at + 1] === ":") {
      this.#at += 2;
      const value = readLiteral(token) ?? token;
      return { min, max, key: { kind: "literal", value }, value: this.#readType() };
    }
    const type = this.#readType();
    return this.#accept("=>")
      ? { min, max, key: type, value: this.#readType() }
      : { min, max, key: null, value: type };
  }

  #readOccurrence(): [min: number, max: number] {
    if (this.#accept("?")) return [0, 1];
    if (this.#accept("+")) return [1, Number.POSITIVE_INFINITY];
    const bounds = /^(\d*)\*(\d*)$/.exec(this.#peek() ?? "");
    if (bounds === null) return [1, 1];
    this.#at++;
    return [Number(bounds[1]), bounds[2] === "" ? Number.POSITIVE_INFINITY : Number(bounds[2])];
  }

  #readList<T>(end: string, read: () => T): T[] {
    const items = [read()];
    while (this.#accept(",")) items.push(read());
    this.#expect(end);
    return items;
  }

  #readName(): string {
    const token = this.#peek() ?? "";
    if (!NAME.test(token)) throw this.#unexpected("a name");
    this.#at++;
    return token;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#unexpected(token);
  }

  #unexpected(wanted: string): SyntaxError {
    const around = this.#tokens.slice(Math.max(0, this.#at - 8), this.#at + 1).join(" ");
    return new SyntaxError(`${wanted} was expected at the end of: ${around}`);
  }
}

function readLiteral(token: string): number | string | null {
  if (token.startsWith('"')) return JSON.parse(token) as string;
  return /^-?\d+$/.test(token) ? Number(token) : null;
}
