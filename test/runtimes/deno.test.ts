// On Deno: another host of V8, sources as they are.

import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

testRuntime({
  name: "Deno",
  emulated: false,
  missing: async () => null,
  start: (origin) =>
    startProcess("node_modules/@deno/linux-x64-glibc/deno", [
      ...["run", "--allow-net", "--allow-read", "--allow-env"],
      ...["test/runtimes/golden-process.ts", origin],
    ]),
});
