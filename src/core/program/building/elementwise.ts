import type { BinaryFunction, UnaryFunction } from '../instructions.ts';
import type { ElementType, Tensor } from '../program.ts';
import { broadcastShapes, checkTensor } from '../shapes.ts';
import type { Emitter } from './emitter.ts';

/** A tensor, or a number that stands for a scalar constant of the other operand's type. */
export type Operand = Tensor | number;

/** Functions of each element, or of the elements at the same place of tensors that are broadcast to one shape. */
export function elementWise({ emit, scalar }: Emitter) {
  const like = (value: number, other: Tensor): Tensor => scalar(value, other.type === 'int32' ? 'int32' : 'float32');
  const tensors = (a: Operand, b: Operand): readonly [Tensor, Tensor] => {
    if (typeof a === 'number') return typeof b === 'number' ? [scalar(a), scalar(b)] : [like(a, b), b];
    return typeof b === 'number' ? [a, like(b, a)] : [a, b];
  };

  const unary = (name: UnaryFunction, x: Tensor): Tensor => {
    checkTensor(x, name === 'not' ? 'bool' : 'float32', name);
    return emit(x.shape, x.type, (output) => ({ op: 'unary', function: name, x, output }));
  };
  const binary = (name: BinaryFunction, a: Operand, b: Operand): Tensor => {
    const [left, right] = tensors(a, b);
    if (left.type !== right.type) throw new RangeError(`${name}: ${left.type} with ${right.type}`);
    const compares = name === 'greater' || name === 'greaterEqual' || name === 'less' || name === 'lessEqual' || name === 'equal';
    return emit(broadcastShapes(left.shape, right.shape, name), compares ? 'bool' : left.type, (output) => ({
      op: 'binary',
      function: name,
      a: left,
      b: right,
      output,
    }));
  };

  const ofOne = (name: UnaryFunction) => (x: Tensor) => unary(name, x);
  const ofTwo = (name: BinaryFunction) => (a: Operand, b: Operand) => binary(name, a, b);
  const ofConditions = (name: 'and' | 'or') => (a: Tensor, b: Tensor) => binary(name, a, b);
  const max = ofTwo('max');
  const min = ofTwo('min');
  const mul = ofTwo('mul');

  return {
    unary,
    neg: ofOne('neg'),
    abs: ofOne('abs'),
    exp: ofOne('exp'),
    log: ofOne('log'),
    sqrt: ofOne('sqrt'),
    reciprocal: ofOne('reciprocal'),
    floor: ofOne('floor'),
    /** Half to even. */
    round: ofOne('round'),
    sign: ofOne('sign'),
    /** Its gradient at 0 is 0, while `max(x, 0)` and `clip` let the gradient pass at the bound itself. */
    relu: ofOne('relu'),
    /** Its gradient at 0 and at 6 is 0. */
    relu6: ofOne('relu6'),
    sigmoid: ofOne('sigmoid'),
    tanh: ofOne('tanh'),
    erf: ofOne('erf'),
    not: ofOne('not'),

    /** Of operands of one type, broadcast as NumPy does; comparisons give bool. */
    binary,
    add: ofTwo('add'),
    sub: ofTwo('sub'),
    mul,
    div: ofTwo('div'),
    max,
    min,
    pow: ofTwo('pow'),
    greater: ofTwo('greater'),
    greaterEqual: ofTwo('greaterEqual'),
    less: ofTwo('less'),
    lessEqual: ofTwo('lessEqual'),
    equal: ofTwo('equal'),
    and: ofConditions('and'),
    or: ofConditions('or'),

    /** `a` where the bool tensor is true, else `b`; all three are broadcast to one shape. */
    where(condition: Tensor, a: Operand, b: Operand): Tensor {
      checkTensor(condition, 'bool', 'where');
      const [left, right] = tensors(a, b);
      const shape = broadcastShapes(condition.shape, broadcastShapes(left.shape, right.shape, 'where'), 'where');
      return emit(shape, left.type, (output) => ({ op: 'where', condition, a: left, b: right, output }));
    },

    /** `x` itself where it has that type already. */
    cast(x: Tensor, to: ElementType): Tensor {
      return x.type === to ? x : emit(x.shape, to, (output) => ({ op: 'cast', x, to, output }));
    },

    square: (x: Tensor): Tensor => mul(x, x),
    clip: (x: Tensor, low: Operand, high: Operand): Tensor => min(max(x, low), high),

    /** `x * scale + offset` row by row: x `[rows, n]`, scale and offset `[rows]`. */
    affineRows(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
      for (const operand of [scale, offset]) {
        if (x.shape.length !== 2 || operand.shape.join() !== String(x.shape[0]))
          throw new RangeError(`affineRows: [${x.shape.join(', ')}] with [${operand.shape.join(', ')}]`);
      }
      return emit(x.shape, 'float32', (output) => ({ op: 'affineRows', x, scale, offset, output }));
    },

    /** `g` where `0 < y < ceiling`, else 0: the gradient of a rectifier by its output `y`; without a ceiling that of relu. */
    rectifierGradient(y: Tensor, g: Tensor, ceiling?: number): Tensor {
      if (y.shape.join() !== g.shape.join())
        throw new RangeError(`rectifierGradient: [${y.shape.join(', ')}] with [${g.shape.join(', ')}]`);
      return emit(g.shape, 'float32', (output) => ({ op: 'rectifierGradient', y, g, ceiling, output }));
    },

    /** The value of `x`, while the whole gradient goes to `latent`: a straight-through estimator. */
    straightThrough(x: Tensor, latent: Tensor): Tensor {
      if (x.shape.join() !== latent.shape.join())
        throw new RangeError(`straightThrough: [${x.shape.join(', ')}] for [${latent.shape.join(', ')}]`);
      return emit(x.shape, x.type, (output) => ({ op: 'straightThrough', x, latent, output }));
    },

    /** The value of `x`, through which no gradient passes. */
    stopGradient: (x: Tensor): Tensor => emit(x.shape, x.type, (output) => ({ op: 'stopGradient', x, output })),
  };
}
