// Reads the recipe of a model that is not in the catalogue. Nothing is dropped: a field that is not known is refused.
import { ModelError } from "./errors.ts";
import type { BytesInput, DimensionLimits } from "./lower/lower.ts";
import { isPlainPath } from "./plain-path.ts";
import type { Recipe } from "./recipe.ts";

type Is<T> = (value: unknown) => value is T;

const DEFAULT_LEAST_DECIBEL = 15;
const MAX_NAME_CHARACTERS = 64;

/** Field → what it must be. A recipe has no others. */
const FIELDS = {
  name: "lower-case letters, digits, dots and hyphens",
  licence: "a text",
  format: '"onnx" or "tfjs"',
  files: "a list of file names beside the recipe",
  dimensions: "an object of { min, max, multiple } by dimension name, with a multiple between min and max",
  bytes: "an object of { channelAxis: 1 or 3, scale, bias } by input name",
  quantization: '"static", "dynamic" or "none"',
  leastDecibel: "a number",
  calibration: "a list of folder names beside the recipe",
} as const;
type Field = keyof typeof FIELDS;
type Limits = Pick<DimensionLimits, "min" | "max"> & Partial<DimensionLimits>;

/**
 * The recipe in a JSON file whose folder is `folder`. `dimensions`, `bytes`, `leastDecibel` (15) and, without
 * quantization, `calibration` may be left out. Throws ModelError recipe_invalid naming the field and what it must be.
 */
export function parseRecipe(text: string, folder: string): Recipe {
  const fields = parseObject(text);
  for (const name of Object.keys(fields))
    if (!Object.hasOwn(FIELDS, name))
      throw invalid(`it has no field ${JSON.stringify(name)}; fields are ${Object.keys(FIELDS).join(", ")}`);
  const read = <T>(field: Field, is: (value: unknown) => value is T, fallback?: T): T => {
    const value = Object.hasOwn(fields, field) ? fields[field] : fallback;
    if (is(value)) return value;
    throw invalid(`${field} is ${JSON.stringify(value) ?? "missing"}; it must be ${FIELDS[field]}`);
  };
  const quantization = read("quantization", isOneOf("static", "dynamic", "none"));
  return {
    name: read("name", isName),
    task: null,
    licence: read("licence", isText),
    origin: { kind: "folder", path: folder },
    format: read("format", isOneOf("onnx", "tfjs")),
    files: read("files", isFiles),
    dimensions: Object.fromEntries(
      Object.entries(read("dimensions", isRecordOf(isLimits), {})).map(([dimension, limits]) => [
        dimension,
        { ...limits, multiple: limits.multiple ?? 1 },
      ]),
    ),
    bytes: read("bytes", isRecordOf(isBytesInput), {}),
    quantization,
    leastDecibel: read("leastDecibel", isReal, DEFAULT_LEAST_DECIBEL),
    head: null,
    taskFiles: {},
    calibration: {
      kind: "tensors",
      folders: quantization === "none" ? [] : read("calibration", isFiles),
    },
  };
}

function invalid(reason: string): ModelError {
  return new ModelError("recipe_invalid", `the recipe: ${reason}`);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError("recipe_invalid", `the recipe is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (isObject(value)) return value;
  throw invalid("it is no object");
}

const is = <T>(check: (value: unknown) => boolean) => check as Is<T>;

const isObject = is<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);
const isText = is<string>((value) => typeof value === "string" && value !== "");
const isName = is<string>(
  (value) => isText(value) && value.length <= MAX_NAME_CHARACTERS && /^[a-z0-9][a-z0-9.-]*$/.test(value),
);
const isReal = is<number>(Number.isFinite);
const isReals = is<number[]>((value) => Array.isArray(value) && value.length > 0 && value.every(isReal));
const isSize = is<number>((value) => Number.isSafeInteger(value) && Number(value) >= 1);
const isFile = is<string>((value) => isText(value) && isPlainPath(value));
const isFiles = is<string[]>((value) => Array.isArray(value) && value.length > 0 && value.every(isFile));

const isOneOf = <T extends string>(...texts: readonly T[]) => is<T>((value) => texts.includes(value as T));
const isRecordOf = <T>(isItem: Is<T>) =>
  is<Record<string, T>>((value) => isObject(value) && Object.values(value).every(isItem));

const isLimits = is<Limits>((value) => {
  if (!isObject(value)) return false;
  const { min, max, multiple = 1, ...others } = value;
  const last = Math.floor(Number(max) / Number(multiple)) * Number(multiple);
  return [min, max, multiple].every(isSize) && Number(min) <= last && isEmpty(others);
});
const isBytesInput = is<BytesInput>((value) => {
  if (!isObject(value)) return false;
  const { channelAxis, scale, bias, ...others } = value;
  const isAxis = channelAxis === 1 || channelAxis === 3;
  return isAxis && isReals(scale) && isReals(bias) && scale.length === bias.length && isEmpty(others);
});

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
