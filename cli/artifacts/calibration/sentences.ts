// What is written on rendered pictures: sentences about everyday things, and the numbers, codes and addresses that
// people photograph. Two vocabularies without a common noun, so that what calibrates a model does not also judge it.
import type { Random } from "./random.ts";

export interface Vocabulary {
  readonly subjects: readonly string[];
  readonly verbs: readonly string[];
  readonly objects: readonly string[];
  readonly adjectives: readonly string[];
  readonly places: readonly string[];
}

export const JUDGING: Vocabulary = {
  subjects:
    "River Teacher Captain Window Market Garden Engine Doctor Library Village Number Question Judge Baker Quiet Zebra".split(
      " ",
    ),
  verbs: "carries follows repairs watches explains measures keeps opens joins moves".split(" "),
  objects:
    "letter bridge clock ticket journey lamp paper machine basket picture voice kitchen jacket puzzle box".split(
      " ",
    ),
  adjectives: "small bright quiet heavy yellow famous modern gentle dry exact".split(" "),
  places: "Oxford Lisbon Quebec Kyoto Nairobi Zagreb Vienna Jakarta Havana Perth".split(" "),
};

export const CALIBRATING: Vocabulary = {
  subjects:
    "Sailor Farmer Mountain Signal Printer Student Forest Tailor Camera Young Island Pilot Kernel Wizard Xylophone".split(
      " ",
    ),
  verbs: "brings paints changes visits counts delivers finds quotes writes jumps".split(" "),
  objects:
    "stone button harvest mirror planet record folder violin candle wheel axis yacht blanket map guitar".split(
      " ",
    ),
  adjectives: "broken early purple simple zealous warm narrow clever vast jolly".split(" "),
  places: "Madrid Bergen Warsaw Xiamen Quito Tunis Jaipur Glasgow Fukuoka Zurich".split(" "),
};

/** One line of text: ASCII only, single blanks, no blank at either end. */
export function writeLine(words: Vocabulary, random: Random): string {
  const sentence = () =>
    `${random.pick(["The", "Every", "This", "A"])} ${random.pick(words.adjectives)} ${random.pick(words.subjects)} ` +
    `${random.pick(words.verbs)} the ${random.pick(words.objects)}`;
  const digits = (count: number) => Array.from({ length: count }, () => random.integer(0, 9)).join("");
  const kinds: readonly (() => string)[] = [
    sentence,
    () => `${sentence()}.`,
    () => `${sentence()}, and ${random.pick(words.objects)}!`,
    () => `Who ${random.pick(words.verbs)} my ${random.pick(words.objects)}?`,
    () => `${random.pick(words.subjects)} ${random.pick(words.objects)}`.toUpperCase(),
    () => `${random.pick(words.places)}, ${random.integer(1, 31)} May ${random.integer(1900, 2030)}`,
    () => `Total: $${random.integer(1, 999)}.${digits(2)} (${random.integer(1, 99)}%)`,
    () => `Tel. +${random.integer(1, 99)} ${digits(3)} ${digits(3)} ${digits(4)}`,
    () => `${random.pick(words.objects)}@${random.pick(words.places).toLowerCase()}.org`,
    () => `No. ${digits(6)}-${random.pick(["A", "B", "K", "X"])}${digits(2)}`,
    () => `${digits(2)}:${digits(2)} ${random.pick(words.places)} / ${random.pick(words.places)}`,
    () => random.pick(words.subjects),
    () =>
      `"${random.pick(words.adjectives)} ${random.pick(words.objects)}"; see page ${random.integer(2, 400)}`,
  ];
  return random.pick(kinds)();
}
