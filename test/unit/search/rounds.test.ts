import { describe, expect, it } from 'vitest';
import { fewestSteps, planRungs, testSteps } from '../../../src/core/search/rounds.ts';

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
});
