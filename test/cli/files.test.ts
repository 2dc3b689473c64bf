// What is left on disk by writing, also where it fails.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { CliError } from "../../cli/errors.ts";
import {
  createPrivateFile,
  withFileName,
  writePrivateFile,
  writeSecretFile,
  writeWholeFile,
} from "../../cli/files.ts";
import { checkTarget } from "../../cli/given.ts";
import { DecodeError } from "../../protocol/errors.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a secret is its owner's alone and is never written over another file", async () => {
  const path = join(folder, "keys", "worker.key");
  await writeSecretFile(path, "first");
  await assert.rejects(writeSecretFile(path, "second"), { code: "file_exists", message: /choose another/ });
  assert.equal(await readFile(path, "utf8"), "first");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, "keys"))).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(join(folder, "keys")), ["worker.key"], "no draft is left");
});

test("of two that create one file at once, one succeeds and its content is whole", async () => {
  const path = join(folder, "lock");
  const texts = ["a", "b", "c"].map((letter) => letter.repeat(100_000));
  const created = await Promise.all(texts.map((text) => createPrivateFile(path, text)));
  assert.equal(created.filter((success) => success).length, 1);
  assert.equal(await readFile(path, "utf8"), texts[created.indexOf(true)]);
  assert.deepEqual(await readdir(folder), ["lock"]);
});

test("a file is replaced as a whole", async () => {
  const path = join(folder, "made", "file");
  await Promise.all(["x", "y"].map((text) => writeWholeFile(path, text)));
  assert.match(await readFile(path, "utf8"), /^[xy]$/);
  assert.deepEqual(await readdir(join(folder, "made")), ["file"]);
});

test("what shows a question is its owner's alone, also where another file was", async () => {
  const path = join(folder, "a.evidence");
  await writeWholeFile(path, "closed");
  await writePrivateFile(path, Uint8Array.of(1));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("what cannot be written is named, and leaves nothing", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const below = join(file, "below");
  const expected = { code: "file_unwritable", message: /cannot write .*file\/below: .*; choose another/ };
  await assert.rejects(writeWholeFile(below, ""), expected);
  await assert.rejects(writeSecretFile(below, ""), expected);
  await assert.rejects(checkTarget(below), {
    code: "file_unwritable",
    message: /no folder that can be written to/,
  });
  await assert.rejects(checkTarget(folder), { code: "file_unwritable", message: /is a folder/ });
  await assert.rejects(writeWholeFile(folder, ""), { code: "file_unwritable" });
  assert.deepEqual(await readdir(folder), ["file"]);
});

test("what is wrong with a file is said with its name, once, and a bug stays a bug", async () => {
  const failing = (error: Error) => () => {
    throw error;
  };
  const broken = new DecodeError("malformed", "not CBOR; get it again");
  await assert.rejects(withFileName("a.qc", failing(broken)), {
    code: "malformed",
    message: "a.qc: not CBOR; get it again",
    cause: broken,
  });
  await assert.rejects(
    withFileName("a.qc", failing(broken), () => "damaged: "),
    { message: /^a\.qc: damaged: not/ },
  );
  for (const error of [new CliError("file_unreadable", "a.qc is gone; look for it"), new TypeError("a bug")])
    await assert.rejects(withFileName("a.qc", failing(error)), (thrown) => thrown === error);
  assert.equal(await withFileName("a.qc", () => 7), 7);
});
