import { describe, expect, it } from 'vitest';
import {
  checkSchedule,
  isPruningStep,
  pruningSteps,
  type PruningSchedule,
  sparsityAt,
} from '../../../src/core/techniques/pruning/schedules.ts';

const polynomial: PruningSchedule = {
  kind: 'polynomial',
  initialSparsity: 0.2,
  sparsity: 0.8,
  begin: 100,
  end: 110,
  frequency: 1,
  power: 3,
};

describe('pruning schedules', () => {
  it.each([
    [100, 0.2],
    [102, 0.4928],
    [105, 0.725],
    [110, 0.8],
    [200, 0.8],
  ])('polynomial decay at step %i is %f', (step, sparsity) => {
    expect(sparsityAt(polynomial, step)).toBeCloseTo(sparsity, 10);
  });

  it('prune from begin to end, both included, every so many steps', () => {
    const schedule: PruningSchedule = { kind: 'constant', sparsity: 0.5, begin: 10, end: 30, frequency: 10 };
    expect(pruningSteps(schedule, 100)).toEqual([10, 20, 30]);
    expect(isPruningStep({ ...schedule, begin: 0 }, 31)).toBe(false);
  });

  it('from step 0 every 100 steps first prune at step 100', () => {
    expect(pruningSteps({ kind: 'constant', sparsity: 0.5, begin: 0, end: undefined, frequency: 100 }, 99)).toEqual([]);
    expect(pruningSteps({ kind: 'constant', sparsity: 0.5, begin: 0, end: undefined, frequency: 100 }, 250)).toEqual([100, 200]);
  });

  it.each([
    [{ ...polynomial, sparsity: 1 }, /sparsity 1 is outside \[0, 1\)/],
    [{ ...polynomial, initialSparsity: -0.1 }, /initialSparsity: sparsity -0.1 is outside/],
    [{ ...polynomial, sparsity: Number.NaN }, /outside \[0, 1\)/],
    [{ ...polynomial, frequency: 0 }, /frequency 0/],
    [{ ...polynomial, begin: -1 }, /begin -1/],
    [{ ...polynomial, end: 99 }, /end 99 is not a step at or after begin 100/],
  ])('are refused when they make no sense', (schedule, message) => {
    expect(() => {
      checkSchedule(schedule);
    }).toThrow(message);
  });
});
