import type { RunEvent } from '../../shared/events.ts';

/**
 * Leaves out the progress of nodes that have ended since: their result says it all, and most of a run's events are
 * progress. The state that follows from the rest is the same.
 */
export function compactEvents(events: readonly RunEvent[]): readonly RunEvent[] {
  const ended = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    if (event.type === 'node-finished' || event.type === 'node-failed' || event.type === 'node-skipped') ended.set(key(event), index);
  }
  return events.filter((event, index) => event.type !== 'node-progress' || index > (ended.get(key(event)) ?? -1));
}

function key(event: { readonly model: string; readonly node: string }): string {
  return `${event.model}\n${event.node}`;
}
