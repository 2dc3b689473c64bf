// On the Node that runs the tests: V8, sources as they are.

import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

testRuntime({
  name: "Node",
  emulated: false,
  missing: async () => null,
  start: (origin) => startProcess(process.execPath, ["test/runtimes/golden-process.ts", origin]),
});
