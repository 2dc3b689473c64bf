import assert from "node:assert/strict";
import { test } from "node:test";
import { isLocalTarget } from "../../protocol/names.ts";

/** Written as a record could write them; URL brings the odd spellings of an address to the usual one. */
const LOCAL = [
  ["localhost", "localhost.", "a.localhost", "a.b.localhost."],
  ["0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255"],
  ["192.0.0.192", "198.18.0.1", "198.19.255.255", "168.63.129.16", "224.0.0.1", "255.255.255.255"],
  ["172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "169.254.169.254"],
  ["100.64.0.0", "100.127.255.255", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."],
  ["[::]", "[::1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::ffff:808:808]", "[::7f00:1]"],
  ["[2002:a00:1::1]", "[2002:7f00:1::]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b:1::808:808]"],
  ["[fc00::1]", "[fdff:ffff::1]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff02::1]", "[0:0:0:0:0:0:0:1]"],
].flat();

const ELSEWHERE = [
  ["example.org", "localhost.example", "notlocalhost", "127.0.0.1.example", "10.example"],
  ["1.0.0.0", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "8.8.8.8"],
  ["172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0"],
  [
    "100.63.255.255",
    "100.128.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "168.63.129.17",
    "223.255.255.255",
  ],
  [
    "[2001:db8::1]",
    "[fbff::1]",
    "[fe00::1]",
    "[::1:0:0:0]",
    "[1::]",
    "[::fffe:0:0]",
    "[64:ff9b::808:808]",
    "[2002:808:808::1]",
    "[2001:a00:1::1]",
    "[65:ff9b::7f00:1]",
    "[64:ff9a::7f00:1]",
  ],
].flat();

test("an origin on this machine or in its private network is a local target, however it is spelt", () => {
  for (const host of LOCAL) {
    assert.equal(isLocalTarget(`https://${host}:8443`), true, host);
    assert.equal(isLocalTarget(`http://${host}`), true, host);
  }
});

test("the neighbours of the local blocks, and names that only look like them, are elsewhere", () => {
  for (const host of ELSEWHERE) assert.equal(isLocalTarget(`https://${host}:8443`), false, host);
});
