// The matcher against RFC 8610's own examples, as far as they are in the part of CDDL that it knows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Item, readItem, Tagged, writeItem } from "./item.ts";
import { Matcher } from "./match.ts";
import { parseCddl } from "./parse.ts";

const text = (...entries: [string, Item][]) => new Map<Item, Item>(entries);
const bytes = (length: number) => new Uint8Array(length);

/** section → rules, items that match the first of them, items that do not. */
const EXAMPLES: Readonly<Record<string, [cddl: string, good: Item[], bad: Item[]]>> = {
  "§2.1 a map": [
    "person = { age: int, name: tstr, employer: tstr }",
    [text(["age", 42], ["name", "x"], ["employer", "y"])],
    [text(["age", 42], ["name", "x"]), text(["age", "42"], ["name", "x"], ["employer", "y"]), 1],
  ],
  "§2.2.1 a choice of values": [
    'attire = "bow tie" / "necktie" / "Internet attire"  protocol = 6 / 17',
    ["bow tie", "Internet attire"],
    ["tie", 6, null],
  ],
  "§2.2.2.1 ranges": ["device-address = byte  max-byte = 255  byte = 0..max-byte", [0, 255], [-1, 256, "0"]],
  "§2.2.2.1 a range without its upper bound": ["byte = 0...256", [0, 255], [256]],
  "§3.2 occurrences in an array": [
    "one-or-two = [1*2 person]  person = tstr",
    [["a"], ["a", "b"]],
    [[], ["a", "b", "c"], ["a", 1], "a"],
  ],
  "§3.2 any number": ["people = [* person]  person = tstr", [[], ["a"]], [[1], null]],
  "§3.2 at least two": ["people = [2* person]  person = tstr", [["a", "b"]], [["a"]]],
  "§3.4 an array with names": [
    "Geography = [ city: tstr, gpsCoordinates: GpsCoordinates ]  GpsCoordinates = { longitude: uint, latitude: uint }",
    [["Bremen", text(["longitude", 8], ["latitude", 53])]],
    [
      ["Bremen"],
      ["Bremen", text(["longitude", 8])],
      ["Bremen", text(["longitude", 8], ["latitude", 53]), 1],
      ["Bremen", text(["longitude", 8], ["latitude", 53], ["height", 1])],
    ],
  ],
  "§3.5.2 tables": [
    "square-roots = {* x => y}  x = int  y = int",
    [new Map<Item, Item>([[4, 2]]), new Map<Item, Item>()],
    [text(["four", 2]), new Map<Item, Item>([[4, "2"]])],
  ],
  "§3.6 tags": [
    "biguint = #6.2(bstr)",
    [new Tagged(2, bytes(3))],
    [bytes(3), new Tagged(3, bytes(3)), new Tagged(2, 1)],
  ],
  "§3.8.1 sizes": [
    "full-address = [[+ label], ip4, ip6]  ip4 = bstr .size 4  ip6 = bstr .size 16  label = bstr .size (1..63)",
    [[[bytes(1), bytes(63)], bytes(4), bytes(16)]],
    [
      [[], bytes(4), bytes(16)],
      [[bytes(64)], bytes(4), bytes(16)],
      [[bytes(0)], bytes(4), bytes(16)],
      [[bytes(1)], bytes(5), bytes(16)],
    ],
  ],
  "§3.8.1 sizes of integers": ["audio_sample = uint .size 3", [0, 2 ** 24 - 1], [2 ** 24, -1]],
  "§3.8.3 patterns": [
    'nai = tstr .regexp "[A-Za-z0-9]+@[A-Za-z0-9]+([.][A-Za-z0-9]+)+"',
    ["N1@CH57HF.4Znqe0.dYJRN.igjf"],
    ["N1@CH57HF", "!N1@CH57HF.a", 1],
  ],
  "§3.8.4 embedded CBOR": [
    "wrapped = bstr .cbor [uint]",
    [writeItem([1])],
    [writeItem([-1]), writeItem([1, 2]), Uint8Array.of(0x81), [1], Uint8Array.of(0x81, 1, 1)],
  ],
  "§3.8.5 intersections": ["both = low .and (uint .ge 5)  low = uint .lt 10", [5, 9], [4, 10]],
  "§3.8.6 comparisons": ["speed = number .ge 0", [0, 7], [-1, "0"]],
  "§3.10 generics": [
    "messages = [* message<1, bstr>]  message<t, v> = [type: t, value: v]",
    [[[1, bytes(0)]], []],
    [[[2, bytes(0)]], [[1, 2]]],
  ],
  "§2.1.2 a named group in an array": [
    "pair = [x, y]  x = (1, tstr)  y = (2, tstr)",
    [[1, "a", 2, "b"]],
    [
      [1, "a"],
      [1, "a", 1, "b"],
      [1, "a", 2],
    ],
  ],
};

for (const [title, [cddl, good, bad]] of Object.entries(EXAMPLES))
  test(`RFC 8610 ${title}`, () => {
    const rules = parseCddl(cddl);
    const [root] = rules.keys();
    const matcher = new Matcher(rules);
    for (const item of good) assert.equal(matcher.matches(root!, writeItem(item)), true, String(item));
    for (const item of bad) assert.equal(matcher.matches(root!, writeItem(item)), false, String(item));
  });

test("floats are numbers and no integers", () => {
  const matcher = new Matcher(parseCddl("number-or-less = number  whole = int  broken = float"));
  const half = Uint8Array.of(0xfb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0);
  assert.deepEqual(
    ["number-or-less", "whole", "broken"].map((rule) => matcher.matches(rule, half)),
    [true, false, true],
  );
});

test("what is not known is refused, not passed over", () => {
  for (const cddl of [
    "a = uint .bits b",
    "a = { b // c }",
    "a = ~b",
    "a = &(b: 1)",
    "a = uint  a = tstr",
    "a = [",
    "a =",
  ])
    assert.throws(() => parseCddl(cddl), SyntaxError, cddl);
  const matcher = new Matcher(parseCddl("a = b"));
  assert.throws(() => matcher.matches("a", Uint8Array.of(0)), SyntaxError);
  assert.throws(() => matcher.matches("c", Uint8Array.of(0)), RangeError);
});

test("items are read and written back, and nothing else is read", () => {
  const items: Item[] = [
    0,
    23,
    24,
    255,
    256,
    65_536,
    2 ** 32,
    2 ** 53 - 1,
    -1,
    -(2 ** 40),
    "",
    "ä",
    true,
    false,
    null,
  ];
  const nested: Item = [...items, new Map<Item, Item>([[1, items]]), new Tagged(18, [bytes(300)])];
  assert.deepEqual(readItem(writeItem(nested)), nested);
  for (const wrong of [[], [0x18], [0x81], [0, 0], [0x1f], [0x9a, 255, 255, 255, 255], [0x61, 0xff], [0xf7]])
    assert.throws(() => readItem(Uint8Array.from(wrong)), `${wrong}`);
});
