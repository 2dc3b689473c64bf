import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { Allowance } from "../../workers/inference/allowance.ts";

const LAPSE_MS = 1000;
const FOREVER = new Promise<never>(() => {});

function create(total: number) {
  let now = 0;
  const allowance = new Allowance({ of: "places", total, lapseMs: LAPSE_MS, clock: () => now });
  return {
    allowance,
    pass(milliseconds: number) {
      now += milliseconds;
    },
  };
}

const isOverloaded = (error: unknown) => error instanceof InferenceError && error.code === "overloaded";
const nothing = async () => {};

test("shares are given as long as they fit, and the next is refused without being begun", async () => {
  const { allowance } = create(5);
  allowance.share(2, () => FOREVER);
  allowance.share(3, () => FOREVER);
  await assert.rejects(
    allowance.share(1, () => assert.fail("it was begun")),
    isOverloaded,
  );
});

test("the refusal says what there is, what is taken and what was asked", async () => {
  const { allowance } = create(5);
  allowance.share(4, () => FOREVER);
  await assert.rejects(allowance.share(2, nothing), /4 of 5 places, this would be 2 more; ask another one/);
});

test("a share comes back when its holder is done, however it ends", async () => {
  const { allowance } = create(1);
  assert.equal(await allowance.share(1, async () => "done"), "done");
  await assert.rejects(
    allowance.share(1, () => Promise.reject(new TypeError("it failed"))),
    TypeError,
  );
  await allowance.share(1, nothing);
});

test("more than there is is given to who is alone, and then there is nothing left", async () => {
  const { allowance } = create(5);
  allowance.share(6, () => FOREVER);
  await assert.rejects(allowance.share(1, nothing), isOverloaded);
});

test("the share of a holder that vanished lapses", async () => {
  const { allowance, pass } = create(1);
  allowance.share(1, () => FOREVER);
  pass(LAPSE_MS - 1);
  await assert.rejects(allowance.share(1, nothing), isOverloaded);
  pass(1);
  await allowance.share(1, nothing);
});

test("a share grows as long as it fits beside the others, and stays as it was where it does not", async () => {
  const { allowance } = create(5);
  allowance.share(2, () => FOREVER);
  await allowance.share(1, async (grow) => {
    grow(3);
    assert.throws(() => grow(4), isOverloaded);
    await assert.rejects(allowance.share(1, nothing), isOverloaded);
    grow(2);
    await allowance.share(1, nothing);
  });
  await allowance.share(3, nothing);
});

test("alone a share grows beyond everything", async () => {
  const { allowance } = create(5);
  await allowance.share(1, async (grow) => {
    grow(9);
    await assert.rejects(allowance.share(1, nothing), isOverloaded);
  });
});
