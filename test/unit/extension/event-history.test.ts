import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { EventHistory } from '../../../src/extension/runs/event-history.ts';
import type { RunEvent, RunEventBody } from '../../../src/shared/events.ts';
import { LONGEST_CURVE, reduceEvents } from '../../../src/shared/run-state.ts';
import type { RunState } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

function historyOf(events: readonly RunEvent[]): EventHistory {
  const history = new EventHistory();
  for (const event of events) history.add(event);
  return history;
}

/** What views show: the time of the latest event is only for the clock. */
function shown(events: readonly RunEvent[]): RunState {
  return { ...reduceEvents(events), updatedAt: undefined };
}

const example = exampleRun({ steps: 3 });
const nodes = ['pruned', 'pruned/pqat', 'clustered'];
const results = example.filter((event) => event.type === 'node-finished');

/** Runs as a job of a scheduler. */
const scheduled = 'pruned/pqat';

/** Nodes start, progress, end, fail, are skipped and start again in any order; the run ends and is resumed. */
function disorderlyRun(seed: number, length: number): readonly RunEvent[] {
  const random = createRandom(seed);
  const running = new Set<string>();
  const bodies: RunEventBody[] = example.slice(0, 1);
  for (let step = 0; step < length; step++) {
    const node = nodes[Math.floor(random.next() * nodes.length)] ?? '';
    const of = { model: 'mnist', node };
    const chance = random.next();
    if (chance < 0.03) {
      running.clear();
      bodies.push({ type: 'run-finished', outcome: 'cancelled', reason: `step ${step}` });
    } else if (chance < 0.06) {
      running.clear();
      bodies.push({ type: 'run-resumed', engine: `step ${step}`, runtime: 'r', machine: 'm' });
    } else if (chance < 0.2) {
      bodies.push({ ...of, type: 'log', level: 'info', message: `step ${step}` });
    } else if (!running.has(node)) {
      if (chance < 0.4 && node === scheduled) {
        bodies.push({ ...of, type: 'node-queued', job: `job ${node}`, reason: `step ${step}` });
        continue;
      }
      if (chance < 0.8) running.add(node);
      bodies.push(
        chance < 0.8
          ? { ...of, type: 'node-started', job: node === scheduled ? `job ${node}` : undefined }
          : { ...of, type: 'node-skipped', reason: `step ${step}` },
      );
    } else if (chance < 0.8) {
      const training = {
        step,
        steps: length,
        epoch: 0,
        loss: 1 / (step + 1),
        accuracy: 0,
        learningRate: 1,
        examplesPerSecond: 9,
        secondsLeft: 1,
      };
      const progress = { ...of, type: 'node-progress', fraction: step / length } as const;
      bodies.push(chance < 0.6 ? { ...progress, phase: 'training', training } : { ...progress, phase: 'evaluating', training: undefined });
    } else {
      running.delete(node);
      const finished = results.find((result) => result.node === node);
      bodies.push(chance < 0.9 && finished !== undefined ? finished : { ...of, type: 'node-failed', message: `step ${step}` });
    }
  }
  return bodies.map((body, sequence) => ({ ...body, sequence, time: sequence }));
}

describe('the history of events', () => {
  it('gives the state of all events, at any moment of any run', () => {
    for (let seed = 0; seed < 40; seed++) {
      const events = disorderlyRun(seed, 200);
      for (const count of [1, 17, 60, 133, events.length]) {
        const part = events.slice(0, count);
        expect(shown(historyOf(part).events)).toEqual(shown(part));
      }
    }
  });

  it.each([1, 40, 130, 260, 400])('gives the state of the first %i events of an orderly run', (count) => {
    const part = exampleRun({ steps: 50 }).slice(0, count);
    expect(shown(historyOf(part).events)).toEqual(shown(part));
  });

  it('holds a start, a log line and a result a node when the run has ended', () => {
    expect(historyOf(exampleRun({ steps: 50 })).events).toHaveLength(2 + 12 * 3);
  });

  it('stays short while one node trains for long, with the curve of the state', () => {
    const events = exampleRun({ steps: 10 * LONGEST_CURVE }).slice(0, 9 * LONGEST_CURVE);
    const kept = historyOf(events).events;
    expect(kept.length).toBeLessThanOrEqual(LONGEST_CURVE + 20);
    expect(shown(kept)).toEqual(shown(events));
  });

  it('does not grow with the number of resumptions, nor with the length of the log', () => {
    const lengths = [20, 40].map((rounds) => {
      const bodies = Array.from({ length: rounds }, () => [
        ...example.slice(0, -1),
        ...Array.from({ length: 400 }, (): RunEventBody => ({
          type: 'log',
          level: 'info',
          message: '',
          model: undefined,
          node: undefined,
        })),
      ]).flat();
      const events = bodies
        .filter((body, index) => index === 0 || body.type !== 'run-started')
        .map((body, sequence): RunEvent => ({ ...body, sequence, time: 0 }));
      expect(shown(historyOf(events).events)).toEqual(shown(events));
      return historyOf(events).events.length;
    });
    expect(Math.max(...lengths)).toBeLessThan(2 * 1_000 + 100);
  });

  it('knows an event that it has', () => {
    const history = historyOf(example);
    expect(example.map((event) => history.add(event))).not.toContain(true);
    expect(history.events).toEqual(historyOf(example).events);
  });
});
