import type { FixedOutput } from '../network/kinds/operation-facts.ts';
import type { ActivationType, TensorQuantization } from './quantization.ts';

/** Output parameters that the TFLite 8-bit quantization specification prescribes, and their int16 counterparts. */
export function fixedQuantization(output: FixedOutput, type: ActivationType): TensorQuantization {
  if (output === 'logSoftmax') return type === 'int16' ? { scale: 1 / 2048, zeroPoint: 0, type } : { scale: 1 / 16, zeroPoint: 127, type };
  if (type === 'int16') return { scale: 1 / 32768, zeroPoint: 0, type };
  return output === 'tanh' || output === 'l2Normalize' ? { scale: 1 / 128, zeroPoint: 0, type } : { scale: 1 / 256, zeroPoint: -128, type };
}
