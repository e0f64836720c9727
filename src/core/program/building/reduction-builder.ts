import type { ReduceFunction } from '../instructions.ts';
import type { Tensor } from '../program.ts';
import { checkTensor, normalizeAxis, reducedShape } from '../shapes.ts';
import { ElementWiseBuilder } from './element-wise-builder.ts';

/** Functions of the elements along axes. */
export class ReductionBuilder extends ElementWiseBuilder {
  /** Over the given axes, or all of them. */
  reduce(name: ReduceFunction, x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor {
    checkTensor(x, 'float32', `reduce ${name}`);
    const over = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => normalizeAxis(axis, x.shape));
    return this.emit(reducedShape(x.shape, over, keepDimensions), x.type, (output) => ({
      op: 'reduce',
      function: name,
      x,
      axes: over,
      keepDimensions,
      output,
    }));
  }
  sum(x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor {
    return this.reduce('sum', x, axes, keepDimensions);
  }
  mean(x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor {
    return this.reduce('mean', x, axes, keepDimensions);
  }
  maximum(x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor {
    return this.reduce('max', x, axes, keepDimensions);
  }
  minimum(x: Tensor, axes?: readonly number[], keepDimensions = false): Tensor {
    return this.reduce('min', x, axes, keepDimensions);
  }

  argMax(x: Tensor, axis: number): Tensor {
    return this.#argReduce('max', x, axis);
  }
  argMin(x: Tensor, axis: number): Tensor {
    return this.#argReduce('min', x, axis);
  }

  #argReduce(name: 'max' | 'min', x: Tensor, axis: number): Tensor {
    const along = normalizeAxis(axis, x.shape);
    return this.emit(reducedShape(x.shape, [along], false), 'int32', (output) => ({
      op: 'argReduce',
      function: name,
      x,
      axis: along,
      output,
    }));
  }
}
