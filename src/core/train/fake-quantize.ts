import type { TensorQuantization } from '../quantize/quantization.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';

/** The values that int8 represents, from code -128 to 127, `scale` apart. */
export interface QuantizedRange<T> {
  readonly minimum: T;
  readonly maximum: T;
  readonly scale: T;
}

export function quantizedRange({ scale, zeroPoint }: TensorQuantization): QuantizedRange<number> {
  return { minimum: Math.fround((-128 - zeroPoint) * scale), maximum: Math.fround((127 - zeroPoint) * scale), scale: Math.fround(scale) };
}

/**
 * `floor((clip(x) - minimum) / scale + 1/2) * scale + minimum`; the gradient passes where x lies within the range.
 * Jacob et al. 2018, arXiv:1712.05877, equation 12. The range is scalar tensors, so that it can move without a new program.
 *
 * @param nonNegative x is never below 0, hence never below the minimum, which spares the lower bound forward and backward
 */
export function fakeQuantize(builder: ProgramBuilder, x: Tensor, range: QuantizedRange<Tensor>, nonNegative = false): Tensor {
  const clipped = builder.min(nonNegative ? x : builder.max(x, range.minimum), range.maximum);
  const codes = builder.floor(builder.add(builder.div(builder.sub(clipped, range.minimum), range.scale), 0.5));
  return builder.straightThrough(builder.add(builder.mul(codes, range.scale), range.minimum), clipped);
}
