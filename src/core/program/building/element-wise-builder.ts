import type { BinaryFunction, UnaryFunction } from '../instructions.ts';
import type { ElementType, Tensor } from '../program.ts';
import { broadcastShapes, checkTensor } from '../shapes.ts';
import { InstructionEmitter } from './instruction-emitter.ts';

/** A tensor, or a number that stands for a scalar constant of the other operand's type. */
export type Operand = Tensor | number;

/** Functions of each element, or of elements in the same place of tensors that are broadcast to one shape. */
export class ElementWiseBuilder extends InstructionEmitter {
  unary(name: UnaryFunction, x: Tensor): Tensor {
    checkTensor(x, name === 'not' ? 'bool' : 'float32', name);
    return this.emit(x.shape, x.type, (output) => ({ op: 'unary', function: name, x, output }));
  }
  neg(x: Tensor): Tensor {
    return this.unary('neg', x);
  }
  abs(x: Tensor): Tensor {
    return this.unary('abs', x);
  }
  exp(x: Tensor): Tensor {
    return this.unary('exp', x);
  }
  log(x: Tensor): Tensor {
    return this.unary('log', x);
  }
  sqrt(x: Tensor): Tensor {
    return this.unary('sqrt', x);
  }
  reciprocal(x: Tensor): Tensor {
    return this.unary('reciprocal', x);
  }
  floor(x: Tensor): Tensor {
    return this.unary('floor', x);
  }
  /** Half to even. */
  round(x: Tensor): Tensor {
    return this.unary('round', x);
  }
  sign(x: Tensor): Tensor {
    return this.unary('sign', x);
  }
  /** Its gradient at 0 is 0, while `max(x, 0)` and `clip` let the gradient pass at the bound itself. */
  relu(x: Tensor): Tensor {
    return this.unary('relu', x);
  }
  /** Its gradient at 0 and at 6 is 0. */
  relu6(x: Tensor): Tensor {
    return this.unary('relu6', x);
  }
  sigmoid(x: Tensor): Tensor {
    return this.unary('sigmoid', x);
  }
  tanh(x: Tensor): Tensor {
    return this.unary('tanh', x);
  }
  erf(x: Tensor): Tensor {
    return this.unary('erf', x);
  }
  not(x: Tensor): Tensor {
    return this.unary('not', x);
  }

  binary(name: BinaryFunction, a: Operand, b: Operand): Tensor {
    const [left, right] = this.#operands(a, b);
    if (left.type !== right.type) throw new RangeError(`${name}: ${left.type} with ${right.type}`);
    const compares = name === 'greater' || name === 'greaterEqual' || name === 'less' || name === 'lessEqual' || name === 'equal';
    return this.emit(broadcastShapes(left.shape, right.shape, name), compares ? 'bool' : left.type, (output) => ({
      op: 'binary',
      function: name,
      a: left,
      b: right,
      output,
    }));
  }
  add(a: Operand, b: Operand): Tensor {
    return this.binary('add', a, b);
  }
  sub(a: Operand, b: Operand): Tensor {
    return this.binary('sub', a, b);
  }
  mul(a: Operand, b: Operand): Tensor {
    return this.binary('mul', a, b);
  }
  div(a: Operand, b: Operand): Tensor {
    return this.binary('div', a, b);
  }
  max(a: Operand, b: Operand): Tensor {
    return this.binary('max', a, b);
  }
  min(a: Operand, b: Operand): Tensor {
    return this.binary('min', a, b);
  }
  pow(a: Operand, b: Operand): Tensor {
    return this.binary('pow', a, b);
  }
  greater(a: Operand, b: Operand): Tensor {
    return this.binary('greater', a, b);
  }
  greaterEqual(a: Operand, b: Operand): Tensor {
    return this.binary('greaterEqual', a, b);
  }
  less(a: Operand, b: Operand): Tensor {
    return this.binary('less', a, b);
  }
  lessEqual(a: Operand, b: Operand): Tensor {
    return this.binary('lessEqual', a, b);
  }
  equal(a: Operand, b: Operand): Tensor {
    return this.binary('equal', a, b);
  }
  and(a: Tensor, b: Tensor): Tensor {
    return this.binary('and', a, b);
  }
  or(a: Tensor, b: Tensor): Tensor {
    return this.binary('or', a, b);
  }

  where(condition: Tensor, a: Operand, b: Operand): Tensor {
    checkTensor(condition, 'bool', 'where');
    const [left, right] = this.#operands(a, b);
    const shape = broadcastShapes(condition.shape, broadcastShapes(left.shape, right.shape, 'where'), 'where');
    return this.emit(shape, left.type, (output) => ({ op: 'where', condition, a: left, b: right, output }));
  }

  cast(x: Tensor, to: ElementType): Tensor {
    return x.type === to ? x : this.emit(x.shape, to, (output) => ({ op: 'cast', x, to, output }));
  }

  // Compositions that come up everywhere; they are their primitives to everyone else.
  square(x: Tensor): Tensor {
    return this.mul(x, x);
  }
  clip(x: Tensor, low: Operand, high: Operand): Tensor {
    return this.min(this.max(x, low), high);
  }

  #operands(a: Operand, b: Operand): readonly [Tensor, Tensor] {
    if (typeof a === 'number') return typeof b === 'number' ? [this.scalar(a), this.scalar(b)] : [this.#like(a, b), b];
    return typeof b === 'number' ? [a, this.#like(b, a)] : [a, b];
  }

  #like(value: number, other: Tensor): Tensor {
    return this.scalar(value, other.type === 'int32' ? 'int32' : 'float32');
  }
}
