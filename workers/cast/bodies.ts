// Bodies that no honest worker sends: bytes without end, and an end that never comes.

/** As large a part as a runtime hands over at once. */
const PART_BYTES = 65_536;
/** Often enough that nothing between the two takes the connection for dead. */
const DRIP_MS = 1_000;

/** As many bytes as are taken. */
export function createFlood(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(PART_BYTES)) });
}

/** One byte, and another one every second for as long as anybody listens: small parts without end. */
export function createDrip(): ReadableStream<Uint8Array> {
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (!isFirst) await new Promise((resolve) => setTimeout(resolve, DRIP_MS));
      isFirst = false;
      controller.enqueue(new Uint8Array(1));
    },
  });
}
