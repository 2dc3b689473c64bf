// Whether bytes are what a rule of CDDL says. Matching is greedy and does not go back, as RFC 8610 appendix A says.

import { Float, type Item, readItem, Tagged } from "./item.ts";
import type { Entry, Rule, Type } from "./parse.ts";

type Rules = ReadonlyMap<string, Rule>;
type Bindings = ReadonlyMap<string, Type>;

const isInteger = (item: Item) => typeof item === "number";
/** The standard prelude, RFC 8610 appendix D, as far as it is used. */
const PRELUDE: Readonly<Record<string, (item: Item) => boolean>> = {
  any: () => true,
  uint: (item) => typeof item === "number" && item >= 0,
  nint: (item) => typeof item === "number" && item < 0,
  int: isInteger,
  number: (item) => isInteger(item) || item instanceof Float,
  float: (item) => item instanceof Float,
  bstr: (item) => item instanceof Uint8Array,
  tstr: (item) => typeof item === "string",
  bool: (item) => typeof item === "boolean",
  null: (item) => item === null,
};

/** `used` names the rules that something matched, so that a test can tell which were never needed. */
export class Matcher {
  readonly #rules: Rules;
  readonly used = new Set<string>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** `name` is a rule without parameters. Bytes that are no CBOR do not match. */
  matches(name: string, bytes: Uint8Array): boolean {
    if (!this.#rules.has(name)) throw new RangeError(`there is no rule ${name}`);
    return this.#isCbor(bytes, { kind: "name", name, parameters: [] });
  }

  #isCbor(bytes: Uint8Array, type: Type): boolean {
    let item: Item;
    try {
      item = readItem(bytes);
    } catch {
      return false;
    }
    return this.#is(item, type);
  }

  #is(item: Item, type: Type): boolean {
    switch (type.kind) {
      case "choice":
        return type.of.some((one) => this.#is(item, one));
      case "name":
        return this.#isNamed(item, type);
      case "literal":
        return item === type.value;
      case "range": {
        const [min, max] = [this.#number(type.min), this.#number(type.max)];
        return typeof item === "number" && item >= min && (type.open ? item < max : item <= max);
      }
      case "control":
        return this.#is(item, type.target) && this.#holds(item, type.operator, type.argument);
      case "tag":
        return item instanceof Tagged && item.tag === type.tag && this.#is(item.content, type.content);
      case "array":
        return Array.isArray(item) && this.#take(item, 0, type.entries) === item.length;
      case "map":
        return item instanceof Map && this.#isMap(item, type.entries);
      case "group":
        throw new SyntaxError("a group stands where a type should");
    }
  }

  #isNamed(item: Item, type: Extract<Type, { kind: "name" }>): boolean {
    const isPrelude = !this.#rules.has(type.name) && Object.hasOwn(PRELUDE, type.name);
    const matched = isPrelude ? PRELUDE[type.name]!(item) : this.#is(item, this.#resolve(type));
    if (matched && !isPrelude) this.used.add(type.name);
    return matched;
  }

  /** The rule's type with its parameters put in. */
  #resolve({ name, parameters }: Extract<Type, { kind: "name" }>): Type {
    const rule = this.#rules.get(name);
    if (rule === undefined || rule.parameters.length !== parameters.length)
      throw new SyntaxError(`there is no rule ${name} with ${parameters.length} parameters`);
    if (parameters.length === 0) return rule.type;
    const bindings = new Map(rule.parameters.map((parameter, index) => [parameter, parameters[index]!]));
    return bind(rule.type, bindings);
  }

  #holds(item: Item, operator: string, argument: Type): boolean {
    if (operator === ".cbor") return item instanceof Uint8Array && this.#isCbor(item, argument);
    if (operator === ".and") return this.#is(item, argument);
    if (operator === ".regexp") return typeof item === "string" && this.#pattern(argument).test(item);
    if (operator === ".size") return this.#hasSize(item, argument);
    const [value, bound] = [item as number, this.#number(argument)];
    return operator === ".lt"
      ? value < bound
      : operator === ".le"
        ? value <= bound
        : operator === ".gt"
          ? value > bound
          : value >= bound;
  }

  /** Bytes of a string; the bytes that an unsigned integer fits into. */
  #hasSize(item: Item, size: Type): boolean {
    if (typeof item === "number") return item < 256 ** this.#number(size);
    const length = Buffer.byteLength(item as string | Uint8Array);
    return this.#is(length, size);
  }

  #number(type: Type): number {
    if (type.kind === "literal" && typeof type.value === "number") return type.value;
    if (type.kind !== "name") throw new SyntaxError("a bound must be a number");
    this.used.add(type.name);
    return this.#number(this.#resolve(type));
  }

  #pattern(type: Type): RegExp {
    if (type.kind !== "literal") throw new SyntaxError("a pattern must be text");
    return new RegExp(`^(?:${type.value})$`, "u");
  }

  /** Where the entries end in an array, or −1. */
  #take(items: readonly Item[], start: number, entries: readonly Entry[]): number {
    let at = start;
    for (const { min, max, value } of entries) {
      let count = 0;
      for (let end = at; count < max; count++) {
        end = this.#takeOne(items, at, value);
        if (end < 0 || (end === at && count >= min)) break;
        at = end;
      }
      if (count < min) return -1;
    }
    return at;
  }

  #takeOne(items: readonly Item[], at: number, type: Type): number {
    const rule = type.kind === "name" && this.#rules.has(type.name) ? this.#resolve(type) : null;
    if (rule?.kind === "group") {
      const end = this.#take(items, at, rule.entries);
      if (end >= 0) this.used.add((type as { name: string }).name);
      return end;
    }
    return at < items.length && this.#is(items[at]!, type) ? at + 1 : -1;
  }

  #isMap(map: ReadonlyMap<Item, Item>, entries: readonly Entry[]): boolean {
    const left = new Map(map);
    for (const { min, max, key, value } of entries) {
      if (key === null) throw new SyntaxError("an entry of a map must have a key");
      const found = [...left].filter(([name, item]) => this.#is(name, key) && this.#is(item, value));
      if (found.length < min) return false;
      for (const [name] of found.slice(0, max)) left.delete(name);
    }
    return left.size === 0;
  }
}

function bind(type: Type, bindings: Bindings): Type {
  switch (type.kind) {
    case "name":
      return (
        bindings.get(type.name) ?? { ...type, parameters: type.parameters.map((one) => bind(one, bindings)) }
      );
    case "choice":
      return { ...type, of: type.of.map((one) => bind(one, bindings)) };
    case "control":
      return { ...type, target: bind(type.target, bindings), argument: bind(type.argument, bindings) };
    case "tag":
      return { ...type, content: bind(type.content, bindings) };
    case "literal":
    case "range":
      return type;
    default:
      return {
        ...type,
        entries: type.entries.map((entry) => ({
          ...entry,
          key: entry.key && bind(entry.key, bindings),
          value: bind(entry.value, bindings),
        })),
      };
  }
}
