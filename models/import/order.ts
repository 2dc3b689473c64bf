// Brings nodes into an order in which each comes after those that it reads. A list in such an order stays as it is.
import { malformed } from "./protobuf.ts";

interface Ordered {
  readonly node: number;
  readonly reads: readonly string[];
  next: number;
}

/**
 * `reads[i]` and `makes[i]` are the names of values that node i reads and makes; the result is a permutation of the
 * nodes' indices. Names that no node makes are not its concern. Throws ModelError model_malformed on a cycle.
 */
export function sortTopologically(
  reads: readonly (readonly string[])[],
  makes: readonly (readonly string[])[],
): number[] {
  const producers = new Map(makes.flatMap((names, node) => names.map((name) => [name, node] as const)));
  const state = new Uint8Array(reads.length); // 0 unseen, 1 on the stack, 2 sorted
  const sorted: number[] = [];
  for (let root = 0; root < reads.length; root++) {
    if (state[root] !== 0) continue;
    // An explicit stack: the depth of a hostile graph must not become the depth of ours.
    const stack: Ordered[] = [{ node: root, reads: reads[root]!, next: 0 }];
    state[root] = 1;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.reads[top.next++];
      if (name === undefined) {
        state[top.node] = 2;
        sorted.push(top.node);
        stack.pop();
        continue;
      }
      const source = producers.get(name);
      if (source === undefined || state[source] === 2) continue;
      if (state[source] === 1) throw malformed(`the graph has a cycle through ${name}`);
      state[source] = 1;
      stack.push({ node: source, reads: reads[source]!, next: 0 });
    }
  }
  return sorted;
}
