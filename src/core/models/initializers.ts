import type { Parameter, Shape } from '../network/network.ts';
import { elementCount } from '../network/shapes/shape.ts';
import type { Random } from '../random.ts';

/** Fans count the weights that lead to one output and from one input. */
export type Initializer = (shape: Shape, fanIn: number, fanOut: number) => Parameter;

/** Uniform in `±sqrt(6 / (fanIn + fanOut))`; Glorot & Bengio 2010, equation 16. */
export function glorotUniform(random: Random): Initializer {
  return (shape, fanIn, fanOut) => {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return fill(shape, () => (random.next() * 2 - 1) * limit);
  };
}

/** Normal of variance `2 / fanIn`, cut off at two deviations and rescaled for it; He et al. 2015, arXiv:1502.01852. */
export function heNormal(random: Random): Initializer {
  /** Deviation of a standard normal that is cut off at 2. */
  const truncated = 0.8796256610342398;
  return (shape, fanIn) => {
    const deviation = Math.sqrt(2 / fanIn) / truncated;
    return fill(shape, () => {
      let value = random.normal();
      while (Math.abs(value) > 2) value = random.normal();
      return value * deviation;
    });
  };
}

export function constant(shape: Shape, value: number): Parameter {
  return fill(shape, () => value);
}

function fill(shape: Shape, next: () => number): Parameter {
  return { shape, data: Float32Array.from({ length: elementCount(shape) }, next) };
}
