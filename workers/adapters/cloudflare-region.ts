// A region on Cloudflare, or on workerd anywhere: the app over one Registry object.

import type { Registry } from "../../durable-objects/registry.ts";
import { createRegionApp } from "../region/app.ts";
import { WEB_OPTIONS } from "./web.ts";

export { Registry } from "../../durable-objects/registry.ts";

interface Environment {
  readonly Registry: DurableObjectNamespace<Registry>;
}

/** A region has one registry: records are few and small, and one object decides their order. */
const REGISTRY_NAME = "registry";

export default {
  fetch(request, env) {
    const registry = env.Registry.getByName(REGISTRY_NAME);
    return createRegionApp({ ...WEB_OPTIONS, registry })(request, () => {});
  },
} satisfies ExportedHandler<Environment>;
