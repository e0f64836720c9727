import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../src/shared/drawing/run-comparison.ts';
import { bestLeaf, describeVerdict } from '../../../src/shared/drawing/target-verdicts.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

const state = reduceEvents(exampleRun());
const [model] = state.models;
if (model === undefined) throw new Error('the example run has a model');

describe('targets', () => {
  it('are judged by the smallest leaf that meets the most of them', () => {
    const best = bestLeaf(model, { accuracyDrop: 0.5, compressedBytes: 10_000 });
    expect(best?.leaf.node.id).toMatch(/^pruned\/clustered\//);
    expect(best?.verdicts.map(({ measure, met }) => [measure, met])).toEqual([
      ['accuracy', true],
      ['gzip', true],
    ]);
    const [, size] = best?.verdicts ?? [];
    expect(size).toMatchObject({ reached: 6_378, margin: 3_622 });
  });

  it('that no leaf meets are missed by what is too much', () => {
    const best = bestLeaf(model, { compressedBytes: 1_000 });
    expect(best?.verdicts).toEqual([{ measure: 'gzip', met: false, quality: 'accuracy', reached: 6_378, margin: -5_378 }]);
  });

  it('of accuracy say what is gained where a file is better than the trained model', () => {
    const verdict = { measure: 'accuracy', quality: 'accuracy', met: true } as const;
    expect(describeVerdict({ ...verdict, reached: -0.005, margin: 0.035 }, english)).toBe('met: 0.50 points gained, 3.50 points to spare');
    expect(describeVerdict({ ...verdict, reached: 0.005, margin: 0.025 }, english)).toBe('met: 0.50 points, 2.50 points to spare');
  });

  it('wait for the first leaf', () => {
    const [waiting] = reduceEvents(exampleRun().slice(0, 1)).models;
    expect(waiting && bestLeaf(waiting, { compressedBytes: 1 })).toBeUndefined();
  });
});

describe('a comparison of runs', () => {
  it('has a line for each node with the change of the last against the first', () => {
    const lines = compareRuns(
      [
        { name: 'a', state },
        { name: 'b', state },
      ],
      english,
    ).split('\n');
    expect(lines[0]).toBe('# a ↔ b');
    expect(lines.find((line) => line.startsWith('| QAT, pruned model'))).toMatch(
      /\| 15\.3 kB \| 9\d\.\d\d% \| 15\.3 kB \| \+0\.00 \| \+0 B \|$/,
    );
    expect(lines.filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))).toHaveLength(13);
  });
});
