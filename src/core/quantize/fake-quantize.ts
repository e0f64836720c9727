import type { TensorQuantization } from './quantization.ts';
import { coveredRange } from './range-quantization.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';

/** The values that the codes of a type represent, from the lowest to the highest, `scale` apart. */
export interface QuantizedRange<T> {
  readonly minimum: T;
  readonly maximum: T;
  readonly scale: T;
}

export function quantizedRange(quantization: TensorQuantization): QuantizedRange<number> {
  const { minimum, maximum } = coveredRange(quantization);
  return { minimum: Math.fround(minimum), maximum: Math.fround(maximum), scale: Math.fround(quantization.scale) };
}

/** The same as scalars of a program, which do not move. */
export function constantRange(builder: ProgramBuilder, quantization: TensorQuantization): QuantizedRange<Tensor> {
  const { minimum, maximum, scale } = quantizedRange(quantization);
  return { minimum: builder.scalar(minimum), maximum: builder.scalar(maximum), scale: builder.scalar(scale) };
}

/**
 * How a value half way between two codes rounds. Integer kernels that average divide a sum of codes and round half away
 * from code 0; all others round half up, or meet a half only by chance.
 */
export type Ties = 'up' | 'awayFromZero';

/** Of a step: more than float32 errs at 255 codes, less than the smallest remainder of a mean over thousands of codes. */
const tieMargin = 1e-4;
/** Of code 0 above the minimum, -128. */
const zeroCode = 128;

export interface FakeQuantizeOptions {
  /** x is never below 0, hence never below the minimum, which spares the lower bound forward and backward. */
  readonly nonNegative?: boolean;
  /** Default: up. */
  readonly ties?: Ties;
}

/**
 * `floor((clip(x) - minimum) / scale + 1/2) * scale + minimum`; the gradient passes where x lies within the range.
 * Jacob et al. 2018, arXiv:1712.05877, equation 12. The range is scalar tensors, so that it can move without a new program.
 */
export function fakeQuantize(
  builder: ProgramBuilder,
  x: Tensor,
  range: QuantizedRange<Tensor>,
  { nonNegative = false, ties = 'up' }: FakeQuantizeOptions = {},
): Tensor {
  const clipped = builder.min(nonNegative ? x : builder.max(x, range.minimum), range.maximum);
  const steps = builder.div(builder.sub(clipped, range.minimum), range.scale);
  const half = ties === 'up' ? 0.5 : builder.where(builder.less(steps, zeroCode), 0.5 - tieMargin, 0.5 + tieMargin);
  const codes = builder.floor(builder.add(steps, half));
  return builder.straightThrough(builder.add(builder.mul(codes, range.scale), range.minimum), clipped);
}
