import { describe, expect, it } from 'vitest';
import { errorWithinBudget, fewestSteps, longestOfBest, planRungs, testSteps } from '../../../src/core/search/rounds.ts';

describe('rounds of a search', () => {
  it('take half of the steps for the last candidate, with as many before it as the other half allows', () => {
    expect(planRungs(16 * fewestSteps)).toEqual([
      { candidates: 4, steps: fewestSteps },
      { candidates: 2, steps: 2 * fewestSteps },
      { candidates: 1, steps: 8 * fewestSteps },
    ]);
    expect(planRungs(4 * fewestSteps)).toEqual([
      { candidates: 2, steps: fewestSteps },
      { candidates: 1, steps: 2 * fewestSteps },
    ]);
    expect(planRungs(fewestSteps)).toEqual([{ candidates: 1, steps: fewestSteps }]);
    expect(planRungs(fewestSteps - 1)).toBeUndefined();
    // Steps that find learning rates are the candidate's too: 96 in each of three stages.
    const tests = testSteps({ learningRate: 'range-test' });
    expect([tests, testSteps({ learningRate: 1e-3 })]).toEqual([288, 0]);
    expect(planRungs(4 * (fewestSteps + tests), tests)).toEqual([
      { candidates: 2, steps: fewestSteps },
      { candidates: 1, steps: 2 * fewestSteps + tests },
    ]);
    for (let steps = fewestSteps; steps < 100 * fewestSteps; steps += 777) {
      const rungs = planRungs(steps)!;
      expect(rungs.reduce((sum, rung) => sum + rung.candidates * rung.steps, 0)).toBeLessThanOrEqual(steps);
    }
  });

  it('prefer a file that keeps its budget to a slightly better one that does not', () => {
    // 18.0% at 38.5 kB and 18.6% at 35.0 kB, of 34.2 kB: the first has to lose an eighth of its bytes.
    expect(errorWithinBudget(0.18, 38.5 / 34.2)).toBeCloseTo(0.2026, 4);
    expect(errorWithinBudget(0.186, 35 / 34.2)).toBeCloseTo(0.1904, 4);
    // Room to spare is no merit.
    expect(errorWithinBudget(0.18, 0.5)).toBe(0.18);
  });

  it('end with what trained longest, unless a shorter training is better by more than a standard error', () => {
    const short = { steps: 5000, error: 0.018, standardError: 0.0017 };
    const long = { steps: 30_000, error: 0.0183, standardError: 0.0017 };
    expect(longestOfBest([short, long])).toBe(long);
    expect(longestOfBest([short, { ...long, error: 0.0198 }])).toBe(short);
    // Errors of which no standard error is known decide alone.
    expect(longestOfBest([{ ...short, standardError: 0 }, long])?.steps).toBe(5000);
    expect(longestOfBest([long, { ...long, error: 0.018 }])?.error).toBe(0.018);
    expect(longestOfBest([])).toBeUndefined();
  });
});
