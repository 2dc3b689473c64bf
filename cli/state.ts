// Where everything lives on this machine. All of it is under the project, all of it but the weights' packages is ours.
import { fileURLToPath } from "node:url";

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));
const state = new URL("../.quorate/", import.meta.url);

export const ARTIFACTS_FOLDER = fileURLToPath(new URL("artifacts/", state));
export const NETWORK_FOLDER = fileURLToPath(new URL("network/", state));
export const CERTIFICATES_FOLDER = fileURLToPath(new URL("certificates/", state));
export const EVIDENCE_FOLDER = fileURLToPath(new URL("evidence/", state));
