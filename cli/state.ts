// Where everything lives on this machine: under the project, ignored by git. The environment variable QUORATE_STATE
// names another folder for networks, certificates and evidence; artifacts stay where wrangler.toml takes them from.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));
const HOME = join(PROJECT_ROOT, ".quorate");
const state = resolve(process.env.QUORATE_STATE ?? HOME);

export const ARTIFACTS_FOLDER = join(HOME, "artifacts");
export const NETWORK_FOLDER = join(state, "network");
export const CERTIFICATES_FOLDER = join(state, "certificates");
export const EVIDENCE_FOLDER = join(state, "evidence");
