// On Bun: JavaScriptCore, sources as they are.

import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

testRuntime({
  name: "Bun",
  emulated: false,
  missing: async () => null,
  start: (origin) =>
    startProcess("node_modules/@oven/bun-linux-x64/bin/bun", ["test/runtimes/golden-process.ts", origin]),
});
