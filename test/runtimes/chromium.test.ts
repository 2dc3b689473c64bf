// In a page of Chromium, bundled: V8 in the sandbox of a browser.

import { findMissing } from "./installed.ts";
import { startProcess } from "./launcher.ts";
import { testRuntime } from "./suite.ts";

/** Nothing on the screen, nothing on the network but the page. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--user-data-dir=$HOME/profile",
];

testRuntime({
  name: "Chromium",
  emulated: false,
  missing: () => findMissing("chromium"),
  // Without a port to debug on, a headless Chromium would print the page as it is once loaded, and end.
  start: (origin) => startProcess("chromium", [...FLAGS, "--remote-debugging-port=0", origin]),
});
