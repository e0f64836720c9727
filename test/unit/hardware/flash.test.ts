import { describe, expect, it } from 'vitest';
import { flashProfile } from '../../../src/core/hardware/flash.ts';

describe('flash', () => {
  it('is the file, the runtime, and each kind of operator once, by hand', () => {
    const { bytes, fileBytes, code } = flashProfile(10_000, ['CONV_2D', 'CONV_2D', 'SOFTMAX'], 'reference');
    expect(code?.bytes).toBe(21_900 + 3692 + 3444);
    expect([fileBytes, bytes]).toEqual([10_000, 10_000 + 29_036]);
    expect(code?.source).toMatch(/TFLite Micro 90b983c, GCC 12 -Os/);
  });

  it('has the functions of CMSIS-NN on cores that use them: those with MVE are others than those without', () => {
    const code = (kernels: 'cmsis-nn-dsp' | 'cmsis-nn-mve') =>
      flashProfile(0, ['CONV_2D'], kernels).bytes - flashProfile(0, ['CONV_2D'], 'reference').bytes;
    expect([code('cmsis-nn-dsp'), code('cmsis-nn-mve')]).toEqual([7040, 3392]);
  });

  it('counts operators that share their code once, and any that is not known', () => {
    const of = (...kinds: string[]): number => flashProfile(0, kinds, 'reference').bytes;
    expect(of('MEAN', 'SUM')).toBe(of('MEAN'));
    expect(of('COS') - of()).toBe(2500);
  });
});
