// HTTP for workers and regions: routes, bodies with a limit, one serializer and one error mapper. Knows no platform.

import { type IRequest, Router } from "itty-router";
import { type BodyBounds, readBounded } from "../protocol/body.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { TransportError } from "../protocol/errors.ts";
import { formatProblem, PROBLEM_CONTENT_TYPE, type Problem } from "../protocol/problem.ts";

/** Keeps a promise running after the request that began it has ended. */
export type Hold = (promise: Promise<unknown>) => void;

/** What a handler returns; only toResponse() makes a Response of it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes | string | null;
}

export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  handle(request: Request, hold: Hold): Reply | Promise<Reply>;
}

export type Handler = (request: Request, hold: Hold) => Promise<Response>;

export const NO_CONTENT: Reply = { status: 204, headers: {}, body: null };

/** 200 with bytes of the given media type. */
export function bytesReply(contentType: string, body: Bytes): Reply {
  return { status: 200, headers: { "content-type": contentType }, body };
}

/** `value` as JSON. */
export function jsonReply(status: number, value: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** A problem document (RFC 9457) under its own status. */
export function problemReply(problem: Problem): Reply {
  const headers = { "content-type": PROBLEM_CONTENT_TYPE };
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}

/**
 * One handler for all routes. Errors become problem documents; `report` is told of those that no code explains,
 * because the wire says nothing of them.
 */
export function createHandler(routes: readonly Route[], report: (error: unknown) => void): Handler {
  const router = Router<IRequest, [Hold]>({
    catch: (error: unknown) => {
      const problem = formatProblem(error);
      if (problem.code === "internal") report(error);
      return problemReply(problem);
    },
    finally: [toResponse],
  });
  for (const { method, path, handle } of routes) {
    const add = method === "GET" ? router.get : router.post;
    add(path, (request, hold) => handle(request as unknown as Request, hold));
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map((route) => route.method);
    router.all(path, ({ method }) => refuseMethod(method, path, allowed));
  }
  router.all("*", ({ url }) => {
    throw new TransportError(
      "route_unknown",
      `there is nothing at ${new URL(url).pathname}; see docs/protocol.md`,
    );
  });
  return async (request, hold) => {
    // attacker-controlled: the router reads a query before it looks for a route, in time that is quadratic in its length.
    if (request.url.includes("?"))
      return refuse(
        new TransportError("route_unknown", "no route takes a query; leave out what follows the ?"),
      );
    return (await router.fetch(request, hold)) as Response;
  };
}

/** RFC 9110 §15.5.6: a 405 says what is allowed. */
function refuseMethod(method: string, path: string, allowed: readonly string[]): Reply {
  const error = new TransportError(
    "method_not_allowed",
    `${path} does not take ${method}; use ${allowed.join(", ")}`,
  );
  const reply = problemReply(formatProblem(error));
  return { ...reply, headers: { ...reply.headers, allow: allowed.join(", ") } };
}

/** The answer to what cannot even become a Request: the problem document of the error. */
export function refuse(error: unknown): Response {
  return toResponse(problemReply(formatProblem(error)));
}

function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers });
}

/** The most bytes that the body of a request can have: what its sender declares, or else `maxBytes`. */
export function declaredBytes({ headers }: Request, maxBytes: number): number {
  // attacker-controlled: a body that is longer than it declares is cut off by the platform, or by readBody.
  const length = headers.get("content-length");
  return length !== null && /^\d+$/.test(length) ? Math.min(Number(length), maxBytes) : maxBytes;
}

/** A body as it came. */
export interface Body {
  readonly mediaType: string; // one of those that were allowed
  readonly bytes: Bytes;
}

/**
 * The body of a request, of one of the media types and at most `maxBytes`. Throws TransportError
 * content_type_unsupported, body_missing, body_incomplete, body_too_slow, body_too_large; the last as soon as the limit
 * is passed, in bytes or in parts. Also throws what `bounds.grow` does.
 */
export async function readBody(
  request: Request,
  options: {
    readonly mediaTypes: readonly string[];
    readonly maxBytes: number;
    /** Null where a body holds nothing that others wait for. */
    readonly bounds: BodyBounds | null;
  },
): Promise<Body> {
  const { mediaTypes, maxBytes, bounds } = options;
  // attacker-controlled: headers and body, and whether they agree; reached before anything of a request is decoded.
  const given = request.headers.get("content-type") ?? "none";
  // The parameters of the type are not looked at.
  const mediaType = given.split(";", 1)[0]!.trim().toLowerCase();
  if (!mediaTypes.includes(mediaType)) {
    const wanted = mediaTypes.join(" or ");
    throw new TransportError("content_type_unsupported", `content-type is ${given}; send ${wanted}`);
  }
  const tooLarge = new TransportError(
    "body_too_large",
    `the body has more than ${maxBytes} bytes, or too many parts; send less, in larger parts`,
  );
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge;
  const bytes = await readBounded(request.body, maxBytes, bounds);
  if (bytes === null) throw tooLarge;
  if (bytes.length === 0) throw new TransportError("body_missing", "the request has no body; send one");
  return { mediaType, bytes };
}
