// An inference worker with a vice (variable VICE), for tests and demonstrations.

import { createCastApp } from "../cast/app.ts";
import { createHandlers } from "./cloudflare.ts";

export { SealingStore } from "../../durable-objects/sealing-store.ts";

export default createHandlers(createCastApp);
