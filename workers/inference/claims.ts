// Names with a deadline, in the memory of one process. All of a second are together: deadlines are seven minutes ahead at
// most, or at the end of two days, so finding the first and the last takes some 420 steps, however many names there are.

import { MAX_CLAIMS } from "../../protocol/limits.ts";

const SECOND_MS = 1000;

export interface Claims {
  /** Whether the name is new. Beyond MAX_CLAIMS one with the latest deadline (unix ms) goes. */
  add(name: string, deadline: number): boolean;
  /** Drops those whose deadline has passed at unix ms `now`, a second later at most. */
  forget(now: number): void;
}

export function createClaims(): Claims {
  const names = new Map<number, Set<string>>(); // by the second before which their deadlines are
  let size = 0;

  const drop = (second: number, name: string): void => {
    const group = names.get(second)!;
    group.delete(name);
    if (group.size === 0) names.delete(second);
    size--;
  };

  return {
    add(name, deadline) {
      const second = Math.ceil(deadline / SECOND_MS);
      const group = names.get(second) ?? new Set();
      if (group.has(name)) return false;
      names.set(second, group.add(name));
      size++;
      if (size > MAX_CLAIMS) {
        const latest = Math.max(...names.keys());
        const [oldest] = names.get(latest)!;
        drop(latest, oldest!);
      }
      return true;
    },
    forget(now) {
      for (const [second, group] of names) {
        if (second * SECOND_MS > now) continue;
        names.delete(second);
        size -= group.size;
      }
    },
  };
}
