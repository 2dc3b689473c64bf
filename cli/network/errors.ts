// What can go wrong while a local network starts, runs or is looked for.

import { CodedError } from "../../protocol/errors.ts";

export type NetworkErrorCode =
  | "artifact_missing"
  | "cast_too_large"
  | "key_unreadable"
  | "member_failed"
  | "network_not_running"
  | "network_running"
  | "port_unavailable"
  | "program_failed"
  | "record_not_published"
  | "state_damaged"
  | "vice_unknown";

export class NetworkError extends CodedError<NetworkErrorCode> {}
