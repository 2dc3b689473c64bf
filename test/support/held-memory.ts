// What a piece of work makes the process hold at most, in buffers.

/** Bytes beyond what was held before. */
export async function measureHeld(work: () => Promise<void>): Promise<number> {
  const held = () => process.memoryUsage().arrayBuffers;
  const start = held();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, held() - start);
  }, 2);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}
