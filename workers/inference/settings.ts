// What the operator of a worker sets, as text: variables of wrangler.toml, or of a process.

import { type Bytes, equalBytes, parseBase64Url } from "../../protocol/bytes.ts";
import { openDelegation } from "../../protocol/delegation.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { parseSecretKey } from "../../protocol/keys.ts";
import type { Identity } from "../../protocol/named-quorum.ts";
import { checkEndpoint, checkSlug } from "../../protocol/names.ts";
import { DEFAULT_MEMORY_BUDGET_MIB } from "./limits.ts";

const MIB = 1024 * 1024;

/** Variables by name. A variable that is not a string counts as absent. */
export type Variables = Readonly<Record<string, unknown>>;

export interface Settings {
  /** WORKER_KEY, secret: the Ed25519 seed. */
  readonly workerKey: Bytes;
  /** DELEGATION: the operator's word that the worker key works for it. Names the operator. */
  readonly delegation: Bytes;
  /** ENDPOINT: the origin at which the worker answers. */
  readonly endpoint: string;
  /** PROVIDER and REGION: who runs the machines, and where. */
  readonly provider: string;
  readonly region: string;
  /** REGIONS: origins of the regions to publish the record to, separated by spaces. */
  readonly regions: readonly string[];
  /** MODELS: names in models.json, separated by spaces. */
  readonly models: readonly string[];
  /** ACCEPT_PLAIN, 1, or 0 as if unset: whether requests that are not sealed are taken. */
  readonly acceptsPlain: boolean;
  /** REFEREE, 1, or 0 as if unset: whether the worker judges evidence. */
  readonly isReferee: boolean;
  /** MEMORY_BUDGET_MIB, in bytes: what all loaded models may take together. */
  readonly memoryBudgetBytes: number;
}

/** Throws TypeError that names the variable: the operator's mistake, not the asker's. */
export function parseSettings(variables: Variables): Settings {
  return {
    workerKey: required(variables, "WORKER_KEY", parseSecretKey),
    delegation: required(variables, "DELEGATION", parseBase64Url),
    endpoint: required(variables, "ENDPOINT", (text) => checkEndpoint(text, "ENDPOINT")),
    provider: required(variables, "PROVIDER", (text) => checkSlug(text, "PROVIDER")),
    region: required(variables, "REGION", (text) => checkSlug(text, "REGION")),
    regions: list(variables, "REGIONS").map((text) => checkEndpoint(text, "REGIONS")),
    models: list(variables, "MODELS"),
    acceptsPlain: optional(variables, "ACCEPT_PLAIN", parseFlag, false),
    isReferee: optional(variables, "REFEREE", parseFlag, false),
    memoryBudgetBytes: MIB * optional(variables, "MEMORY_BUDGET_MIB", parseMib, DEFAULT_MEMORY_BUDGET_MIB),
  };
}

function required<T>(variables: Variables, name: string, parse: (text: string) => T): T {
  const text = read(variables, name);
  if (text === null) throw new TypeError(`${name} is not set; see docs/operating.md`);
  return parseText(name, text, parse);
}

function optional<T>(variables: Variables, name: string, parse: (text: string) => T, otherwise: T): T {
  const text = read(variables, name);
  return text === null ? otherwise : parseText(name, text, parse);
}

/** Null if it is absent or empty. */
function read(variables: Variables, name: string): string | null {
  const text = variables[name];
  return typeof text === "string" && text !== "" ? text : null;
}

function parseText<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    // The message of the cause may repeat the text, and the text may be a secret: it stays in the cause.
    throw new TypeError(`${name} is malformed; see docs/operating.md`, { cause });
  }
}

/** A whole number from 1 to 9,999: more than any worker has. */
function parseMib(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new RangeError("not a whole number of MiB from 1 to 9999");
  return Number(text);
}

/** A word that means no elsewhere must not mean yes here. */
function parseFlag(text: string): boolean {
  if (text !== "0" && text !== "1") throw new RangeError("neither 0 nor 1");
  return text === "1";
}

function list(variables: Variables, name: string): string[] {
  return (read(variables, name) ?? "").split(/\s+/).filter((item) => item !== "");
}

/** Who the worker is, by its own key and its operator's word. */
interface WorkerIdentity extends Identity {
  readonly workerKey: Bytes;
}

/** Throws what openDelegation does, and TypeError for a delegation of another worker key. */
export async function openIdentity(settings: Settings, now: number): Promise<WorkerIdentity> {
  const workerKey = await publicKey(settings.workerKey);
  const { operatorKey, delegation } = await openDelegation(settings.delegation, { now });
  if (!equalBytes(delegation.workerKey, workerKey)) {
    throw new TypeError("DELEGATION is for another worker key than WORKER_KEY; see docs/operating.md");
  }
  return { workerKey, operator: delegation.operator, operatorKey };
}
