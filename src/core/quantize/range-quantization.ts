import type { ActivationType, Range, TensorQuantization } from './quantization.ts';

/** Narrower ranges (of a value that is always zero) are widened to this, so that nothing divides by zero. */
const smallestWidth = 1e-6;

/**
 * The parameters of a range. int8: asymmetric, the zero point rounded so that zero is exactly representable (the
 * nudged range of Jacob et al. 2018, arXiv:1712.05877, section 3); int16: symmetric, zero point 0.
 */
export function rangeQuantization(range: Range, type: ActivationType): TensorQuantization {
  const minimum = Math.min(range.minimum, 0);
  const maximum = Math.max(range.maximum, 0);
  if (type === 'int16') {
    return { scale: Math.fround(Math.max(-minimum, maximum, smallestWidth) / 32767), zeroPoint: 0, type };
  }
  const scale = Math.fround(Math.max(maximum - minimum, smallestWidth) / 255);
  const zeroPoint = Math.min(127, Math.max(-128, Math.round(-128 - minimum / scale)));
  return { scale, zeroPoint, type };
}

/** The codes of a type. */
export const activationCodes: Readonly<Record<ActivationType, { readonly low: number; readonly high: number }>> = {
  int8: { low: -128, high: 127 },
  int16: { low: -32768, high: 32767 },
};

/** The range that the codes cover. */
export function coveredRange({ scale, zeroPoint, type }: TensorQuantization): Range {
  const { low, high } = activationCodes[type];
  return { minimum: (low - zeroPoint) * scale, maximum: (high - zeroPoint) * scale };
}
