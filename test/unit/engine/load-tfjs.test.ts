import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadTfjs, restoreRemovedUtilities } from '../../../src/core/engine/tfjs/load-tfjs.ts';

type Utilities = Record<string, unknown>;

describe('utilities of Node that tfjs-node still calls', () => {
  it('are put back where Node lacks them', () => {
    const util: Utilities = {};
    restoreRemovedUtilities(util);
    const cases = [undefined, null, 0, '', false, Number.NaN, [], {}, new Float32Array(1)];
    expect(cases.map((value) => call(util, 'isNullOrUndefined', value))).toEqual([
      true,
      true,
      ...Array.from({ length: cases.length - 2 }, () => false),
    ]);
    expect(cases.map((value) => call(util, 'isArray', value))).toEqual([false, false, false, false, false, false, true, false, false]);
  });

  it('stay as they are where Node has them', () => {
    const isNullOrUndefined = (): boolean => true;
    const isArray = (): boolean => true;
    const util: Utilities = { isNullOrUndefined, isArray };
    restoreRemovedUtilities(util);
    expect(util).toEqual({ isNullOrUndefined, isArray });
  });

  it('are there once tfjs is loaded, on a Node without them', async () => {
    const util: Utilities = createRequire(import.meta.url)('node:util');
    delete util.isNullOrUndefined;
    delete util.isArray;
    await loadTfjs();
    expect([call(util, 'isNullOrUndefined', null), call(util, 'isArray', [])]).toEqual([true, true]);
  });
});

function call(util: Utilities, name: string, value: unknown): unknown {
  const utility = util[name];
  return typeof utility === 'function' ? utility(value) : undefined;
}
