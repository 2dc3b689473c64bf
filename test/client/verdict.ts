// A verdict to change: of a worker that did not answer in time.

import type { ReportedVerdict } from "../../client/answer.ts";
import { bytesFor } from "../protocol/fixtures.ts";

export const TIMED_OUT: ReportedVerdict = {
  seat: 0,
  workerKey: await bytesFor("worker"),
  operator: "a.example",
  operatorKey: await bytesFor("operator"),
  provider: "p",
  region: "r",
  endpoint: "https://a.example",
  outcome: "failed",
  code: "timed_out",
  detail: "",
  refusal: null,
  cause: null,
  elapsedMs: 1,
};
