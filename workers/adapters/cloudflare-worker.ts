// An honest inference worker on Cloudflare, or on workerd anywhere.

import { createInferenceApp } from "../inference/app.ts";
import { createHandlers } from "./cloudflare.ts";

export { SealingStore } from "../../durable-objects/sealing-store.ts";

export default createHandlers(createInferenceApp);
