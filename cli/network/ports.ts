// Loopback ports that stay the same over restarts, as long as nobody else takes them meanwhile.

import { createServer, type Server } from "node:net";
import { NetworkError } from "./errors.ts";

export const LOOPBACK = "127.0.0.1";

/**
 * One free port a name: the remembered one if it is free, else one that the system picks. Throws NetworkError
 * port_unavailable.
 */
export async function choosePorts(
  names: readonly string[],
  remembered: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  // All stay open until all are chosen, so that no two names get the same port.
  const held: Server[] = [];
  try {
    const ports: Record<string, number> = {};
    for (const name of names) {
      const server = (await listen(remembered[name] ?? 0)) ?? (await listen(0));
      const address = server?.address();
      if (server === null || address === null || typeof address !== "object") {
        throw new NetworkError(
          "port_unavailable",
          `${LOOPBACK} has no free port; stop something that listens`,
        );
      }
      held.push(server);
      ports[name] = address.port;
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** A server on that port, or null if the port cannot be had. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, LOOPBACK, () => resolve(server));
  });
}
