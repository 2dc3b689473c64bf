// In a page of Firefox, bundled: SpiderMonkey.

import { findMissing } from "./installed.ts";
import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

testRuntime({
  name: "Firefox",
  emulated: false,
  missing: () => findMissing("firefox-esr"),
  start: (origin) => startProcess("firefox-esr", ["--headless", "--no-remote", "--profile", "$HOME", origin]),
});
