import { describe, expect, it } from 'vitest';
import { headline } from '../../../src/shared/drawing/headline.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

const events = exampleRun();
const modelAfter = (count: number) => {
  const [model] = reduceEvents(events.slice(0, count)).models;
  if (model === undefined) throw new Error('the example run has a model');
  return model;
};
const finished = modelAfter(events.length);

describe('the headline', () => {
  it('waits for the first leaf', () => {
    expect(headline(modelAfter(4), {}, english)).toBeUndefined();
  });

  it('without targets names the smallest leaf, against the trained model', () => {
    const found = headline(finished, {}, english);
    // 84,968 bytes * 0.9 against 25,512 * 0.25, as the example run makes them up.
    expect(found).toMatchObject({ title: 'Recommended file', targets: [] });
    expect(found?.reason).toMatch(
      /^smallest within 1 point of the trained model; .*10,000 test examples, 95% interval 9\d\.\d% to 9\d\.\d%$/,
    );
    expect(found?.figures.map(({ name, value, remark }) => [name, value, remark]).slice(1)).toEqual([
      ['Size', '25.5 kB', '3.3× smaller'],
      ['Compressed', '6.4 kB', '12.0× smaller'],
      ['Packed', '6.8 kB', '12.5× smaller'],
      ['RAM', '≈ 9.6 kB', '3.9× smaller'],
      ['Cycles', '≈ 850,000', ''],
      ['Latency', '0.081 ms', '1.5× faster'],
    ]);
    expect(found?.node).toMatch(/^pruned\/clustered\//);
  });

  it('says of each target whether it is met and by how much', () => {
    expect(headline(finished, { compressedBytes: 10_000 }, english)).toMatchObject({
      reason: expect.stringMatching(/^smallest that meets the targets;/),
      targets: [{ met: true, text: 'compressed size met: 6.4 kB, 3.6 kB to spare' }],
    });
    expect(headline(finished, { compressedBytes: 1_000, latencyMilliseconds: 1 }, english)).toMatchObject({
      reason: expect.stringMatching(/^closest to the targets;/),
      targets: [
        { met: false, text: 'compressed size missed: 6.4 kB, 5.4 kB too much' },
        { met: true, text: 'latency met: 0.081 ms, 0.919 ms to spare' },
      ],
    });
  });

  it('of a search has the file that was chosen on validation examples, and one for each budget', () => {
    const budgets = [{ compressedBytes: 7_000 }, { compressedBytes: 20_000, accuracyDrop: 0.001 }];
    const searched = (chosen: readonly (readonly [string, number])[] | undefined) => {
      const [model] = reduceEvents(
        events.map((event) => {
          if (event.type === 'run-started') return { ...event, budgets };
          if (event.type !== 'run-finished' || chosen === undefined) return event;
          return { ...event, chosen: chosen.map(([node, budget]) => ({ model: 'mnist', node, budget })) };
        }),
      ).models;
      if (model === undefined) throw new Error('the example run has a model');
      return headline(model, {}, english);
    };
    const found = searched([
      ['pruned/clustered/pcqat', 0],
      ['pruned/pqat', 1],
    ]);
    expect(found?.node).toBe('pruned/clustered/pcqat');
    expect(found?.reason).toMatch(/^most accurate within the budget, on validation examples;/);
    expect(found?.targets).toEqual([{ met: true, text: 'compressed size met: 6.4 kB, 622 B to spare' }]);
    expect(found?.budgets.map(({ budget, node, met }) => [budget, node, met])).toEqual([
      ['compressed size ≤ 7.0 kB', 'pruned/clustered/pcqat', true],
      // It loses 0.4 points, and 0.1 are allowed.
      ['accuracy drop ≤ 0.10 points, compressed size ≤ 20.0 kB', 'pruned/pqat', false],
    ]);
    // A file that is not what its certificate says is not recommended, whatever was chosen.
    const broken = events.map((event) =>
      event.type === 'node-finished' && event.node === 'pruned/pqat'
        ? { ...event, metrics: { ...event.metrics, certificate: { passed: false, checks: [] } } }
        : event.type === 'run-started'
          ? { ...event, budgets: [{ compressedBytes: 20_000 }] }
          : event,
    );
    const [model] = reduceEvents(
      broken.map((event) =>
        event.type === 'run-finished' ? { ...event, chosen: [{ model: 'mnist', node: 'pruned/pqat', budget: 0 }] } : event,
      ),
    ).models;
    expect(model && headline(model, {}, english)?.node).not.toBe('pruned/pqat');
    // Until the search has ended: the most accurate of those that are small enough.
    expect(searched(undefined)?.reason).toMatch(
      /^most accurate within the budget so far, on test examples; the search chooses on validation examples;/,
    );
  });
});
