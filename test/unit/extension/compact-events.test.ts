import { describe, expect, it } from 'vitest';
import { compactEvents } from '../../../src/extension/runs/compact-events.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

describe('compacted events', () => {
  const events = exampleRun({ steps: 50 });

  it.each([1, 40, 130, 260, events.length])('tell the same state as the first %i events', (count) => {
    const part = events.slice(0, count);
    const state = reduceEvents(part);
    expect({ ...reduceEvents(compactEvents(part)), updatedAt: state.updatedAt }).toEqual(state);
  });

  it('are few when the run has ended', () => {
    expect(events.length).toBeGreaterThan(350);
    expect(compactEvents(events).length).toBe(2 + 12 * 3);
  });
});
