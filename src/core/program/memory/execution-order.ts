import type { MemoryNode } from './memory-nodes.ts';

/**
 * The order in which onnxruntime runs nodes: from what nothing reads back to what it needs, the last listed first. Filter
 * gradients that are only packed at the end so run at the end, with all that they read in memory until then.
 */
export function executionOrder(nodes: readonly MemoryNode[]): readonly MemoryNode[] {
  const producers = new Map(nodes.flatMap((node, i) => node.gives.map(({ id }) => [id, i] as const)));
  const sources = nodes.map((node, i) => {
    const found = new Set(node.reads.flatMap((id) => producers.get(id) ?? []));
    found.delete(i);
    return [...found].sort((a, b) => a - b);
  });
  const read = new Set(sources.flat());
  const order: MemoryNode[] = [];
  const seen = new Set<number>();
  const waiting = nodes.flatMap((_, i) => (read.has(i) ? [] : [{ i, isReady: false }]));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { i, isReady } = next;
    const node = nodes[i];
    if (node === undefined) continue;
    if (isReady) order.push(node);
    else if (!seen.has(i)) {
      seen.add(i);
      waiting.push(
        { i, isReady: true },
        ...(sources[i] ?? []).filter((source) => !seen.has(source)).map((source) => ({ i: source, isReady: false })),
      );
    }
  }
  return order;
}
