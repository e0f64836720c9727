import type { ActivationType, TensorQuantization } from './quantization.ts';

/** Functions whose output range is known, so that the runtimes prescribe scale and zero point. */
export type FixedOutput = 'sigmoid' | 'softmax' | 'tanh';

/** Output parameters that the TFLite 8-bit quantization specification prescribes, and their int16 counterparts. */
export function fixedQuantization(output: FixedOutput, type: ActivationType): TensorQuantization {
  if (type === 'int16') return { scale: 1 / 32768, zeroPoint: 0 };
  return output === 'tanh' ? { scale: 1 / 128, zeroPoint: 0 } : { scale: 1 / 256, zeroPoint: -128 };
}
