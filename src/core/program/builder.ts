import type { BinaryFunction, Instruction, ReduceFunction, UnaryFunction } from './instructions.ts';
import type { ElementType, Program, Tensor } from './program.ts';
import {
  broadcastShapes,
  checkTensor,
  convolutionShape,
  depthwiseShape,
  type DepthwiseWindow,
  elements,
  matMulShape,
  normalizeAxis,
  reducedShape,
  type Window,
} from './shapes.ts';

/** A tensor, or a number that stands for a scalar constant of the other operand's type. */
export type Operand = Tensor | number;

/**
 * Builds a program instruction by instruction. Every method checks shapes and types at once and throws a `RangeError`
 * that names both shapes, so that a wrong lowering fails where it is written rather than inside an engine.
 */
export class ProgramBuilder {
  readonly #instructions: Instruction[] = [];
  readonly #inputs = new Map<string, Tensor>();

  get instructions(): readonly Instruction[] {
    return this.#instructions;
  }

  /** A tensor fed at each run; asking again for the same name gives the same tensor. */
  input(name: string, shape: readonly number[], type: ElementType = 'float32'): Tensor {
    const known = this.#inputs.get(name);
    if (known !== undefined) {
      if (known.type !== type || known.shape.join() !== shape.join())
        throw new RangeError(`input "${name}" is already ${known.type} [${known.shape.join(', ')}]`);
      return known;
    }
    const tensor = this.emit(shape, type, (output) => ({ op: 'input', name, output }));
    this.#inputs.set(name, tensor);
    return tensor;
  }

  constant(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Tensor {
    if (data.length !== elements(shape)) throw new RangeError(`constant of ${data.length} elements does not fill [${shape.join(', ')}]`);
    const type = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
    return this.emit(shape, type, (output) => ({ op: 'constant', data, output }));
  }

  scalar(value: number, type: 'float32' | 'int32' = 'float32'): Tensor {
    return this.constant(type === 'float32' ? Float32Array.of(value) : Int32Array.of(value), []);
  }

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

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    if (elements(shape) !== elements(x.shape)) throw new RangeError(`reshape: [${x.shape.join(', ')}] to [${shape.join(', ')}]`);
    return x.shape.join() === shape.join() ? x : this.emit(shape, x.type, (output) => ({ op: 'reshape', x, output }));
  }

  transpose(x: Tensor, order: readonly number[]): Tensor {
    if ([...order].sort((p, q) => p - q).some((axis, i) => axis !== i) || order.length !== x.shape.length)
      throw new RangeError(`transpose: order [${order.join(', ')}] of [${x.shape.join(', ')}]`);
    if (order.every((axis, i) => axis === i)) return x;
    return this.emit(
      order.map((axis) => x.shape[axis] ?? 0),
      x.type,
      (output) => ({ op: 'transpose', x, order, output }),
    );
  }

  broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
    if (broadcastShapes(x.shape, shape, 'broadcastTo').join() !== shape.join())
      throw new RangeError(`broadcastTo: [${x.shape.join(', ')}] to [${shape.join(', ')}]`);
    return x.shape.join() === shape.join() ? x : this.emit(shape, x.type, (output) => ({ op: 'broadcastTo', x, output }));
  }

  /** `size[i]` elements of axis i from `begin[i]` in steps of `strides[i]`. */
  slice(x: Tensor, begin: readonly number[], size: readonly number[], strides: readonly number[] = x.shape.map(() => 1)): Tensor {
    x.shape.forEach((length, axis) => {
      const last = (begin[axis] ?? 0) + ((size[axis] ?? 0) - 1) * (strides[axis] ?? 1);
      if ((begin[axis] ?? -1) < 0 || (size[axis] ?? 0) < 1 || last >= length)
        throw new RangeError(
          `slice: begin [${begin.join(', ')}] size [${size.join(', ')}] strides [${strides.join(', ')}] of [${x.shape.join(', ')}]`,
        );
    });
    return this.emit(size, x.type, (output) => ({ op: 'slice', x, begin, size, strides, output }));
  }

  concat(xs: readonly Tensor[], axis: number): Tensor {
    const first = xs[0];
    if (first === undefined) throw new RangeError('concat of nothing');
    if (xs.length === 1) return first;
    const along = normalizeAxis(axis, first.shape);
    for (const x of xs) {
      if (
        x.type !== first.type ||
        x.shape.length !== first.shape.length ||
        x.shape.some((length, i) => i !== along && length !== first.shape[i])
      )
        throw new RangeError(`concat on axis ${along}: [${first.shape.join(', ')}] with [${x.shape.join(', ')}]`);
    }
    const shape = first.shape.map((length, i) => (i === along ? xs.reduce((total, x) => total + (x.shape[i] ?? 0), 0) : length));
    return this.emit(shape, first.type, (output) => ({ op: 'concat', xs, axis: along, output }));
  }

  pad(x: Tensor, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
    if (paddings.length !== x.shape.length) throw new RangeError(`pad: ${paddings.length} paddings for [${x.shape.join(', ')}]`);
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
    const shape = x.shape.map((length, axis) => length + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
    return this.emit(shape, x.type, (output) => ({ op: 'pad', x, paddings, value, output }));
  }

  matmul(a: Tensor, b: Tensor, options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}): Tensor {
    const { transposeA = false, transposeB = false } = options;
    return this.emit(matMulShape(a.shape, b.shape, transposeA, transposeB), 'float32', (output) => ({
      op: 'matmul',
      a,
      b,
      transposeA,
      transposeB,
      output,
    }));
  }

  gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
    checkTensor(indices, 'int32', 'gather');
    const along = normalizeAxis(axis, x.shape);
    return this.emit([...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)], x.type, (output) => ({
      op: 'gather',
      x,
      indices,
      axis: along,
      output,
    }));
  }

  /** `[rows, width]` zeros, plus each update `[n, width]` at its row `[n]`. */
  scatterAdd(rows: number, indices: Tensor, updates: Tensor): Tensor {
    checkTensor(indices, 'int32', 'scatterAdd');
    if (updates.shape.length !== 2 || updates.shape[0] !== indices.shape[0])
      throw new RangeError(`scatterAdd: indices [${indices.shape.join(', ')}], updates [${updates.shape.join(', ')}]`);
    return this.emit([rows, updates.shape[1] ?? 0], updates.type, (output) => ({ op: 'scatterAdd', indices, updates, output }));
  }

  conv2d(x: Tensor, filter: Tensor, window: Window): Tensor {
    return this.emit(convolutionShape(x.shape, filter.shape, window), 'float32', (output) => ({
      op: 'conv2d',
      x,
      filter,
      ...window,
      output,
    }));
  }

  /** To `shape`, the input's shape `[n, c, h, w]` of the convolution whose gradient this is. */
  convTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: Window): Tensor {
    const forward = convolutionShape(shape, filter.shape, window);
    if (forward.join() !== x.shape.join())
      throw new RangeError(
        `convTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
      );
    return this.emit(shape, 'float32', (output) => ({ op: 'convTranspose2d', x, filter, ...window, output }));
  }

  /** To `shape`, the filter's `[o, c / groups, kh, kw]`. */
  conv2dFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: Window): Tensor {
    const forward = convolutionShape(x.shape, shape, window);
    if (forward.join() !== g.shape.join())
      throw new RangeError(`conv2dFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
    return this.emit(shape, 'float32', (output) => ({ op: 'conv2dFilterGradient', x, g, ...window, output }));
  }

  depthwiseConv2d(x: Tensor, filter: Tensor, window: DepthwiseWindow): Tensor {
    return this.emit(depthwiseShape(x.shape, filter.shape, window), 'float32', (output) => ({
      op: 'depthwiseConv2d',
      x,
      filter,
      ...window,
      output,
    }));
  }

  /** To `shape`, the input's shape `[c, n, h, w]` of the convolution whose gradient this is. */
  depthwiseConvTranspose2d(x: Tensor, filter: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
    const forward = depthwiseShape(shape, filter.shape, window);
    if (forward.join() !== x.shape.join())
      throw new RangeError(
        `depthwiseConvTranspose2d: [${x.shape.join(', ')}] is not what a convolution of [${shape.join(', ')}] gives, [${forward.join(', ')}]`,
      );
    return this.emit(shape, 'float32', (output) => ({ op: 'depthwiseConvTranspose2d', x, filter, ...window, output }));
  }

  /** To `shape`, the filter's `[c, kh, kw]`. */
  depthwiseFilterGradient(x: Tensor, g: Tensor, shape: readonly number[], window: DepthwiseWindow): Tensor {
    const forward = depthwiseShape(x.shape, shape, window);
    if (forward.join() !== g.shape.join())
      throw new RangeError(`depthwiseFilterGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
    return this.emit(shape, 'float32', (output) => ({ op: 'depthwiseFilterGradient', x, g, ...window, output }));
  }

  /** Of `[n, c, h, w]`. */
  maxPool2d(
    x: Tensor,
    size: readonly [number, number],
    strides: readonly [number, number],
    pads: readonly [number, number, number, number],
  ): Tensor {
    const channels = x.shape[1] ?? 0;
    const shape = convolutionShape(x.shape, [channels, 1, size[0], size[1]], { strides, pads, dilations: [1, 1], groups: channels });
    return this.emit(shape, 'float32', (output) => ({ op: 'maxPool2d', x, size, strides, pads, output }));
  }

  /** To the shape of `x`. */
  maxPool2dGradient(
    x: Tensor,
    g: Tensor,
    size: readonly [number, number],
    strides: readonly [number, number],
    pads: readonly [number, number, number, number],
  ): Tensor {
    const channels = x.shape[1] ?? 0;
    const forward = convolutionShape(x.shape, [channels, 1, size[0], size[1]], { strides, pads, dilations: [1, 1], groups: channels });
    if (forward.join() !== g.shape.join())
      throw new RangeError(`maxPool2dGradient: g [${g.shape.join(', ')}] is not [${forward.join(', ')}]`);
    return this.emit(x.shape, 'float32', (output) => ({ op: 'maxPool2dGradient', x, g, size, strides, pads, output }));
  }

  /** Of x `[rows, n]`, with scale and offset `[rows]`. */
  affineRows(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
    for (const operand of [scale, offset]) {
      if (x.shape.length !== 2 || operand.shape.join() !== String(x.shape[0]))
        throw new RangeError(`affineRows: [${x.shape.join(', ')}] with [${operand.shape.join(', ')}]`);
    }
    return this.emit(x.shape, 'float32', (output) => ({ op: 'affineRows', x, scale, offset, output }));
  }

  /** Of two `[rows, n]`, to `[rows]`. */
  rowDot(a: Tensor, b: Tensor): Tensor {
    if (a.shape.length !== 2 || a.shape.join() !== b.shape.join())
      throw new RangeError(`rowDot: [${a.shape.join(', ')}] with [${b.shape.join(', ')}]`);
    return this.emit([a.shape[0] ?? 0], 'float32', (output) => ({ op: 'rowDot', a, b, output }));
  }

  /** g where `0 < y < ceiling`, else 0. */
  rectifierGradient(y: Tensor, g: Tensor, ceiling?: number): Tensor {
    if (y.shape.join() !== g.shape.join()) throw new RangeError(`rectifierGradient: [${y.shape.join(', ')}] with [${g.shape.join(', ')}]`);
    return this.emit(g.shape, 'float32', (output) => ({ op: 'rectifierGradient', y, g, ceiling, output }));
  }

  /** Forward `x`; the whole gradient goes to `latent`. */
  straightThrough(x: Tensor, latent: Tensor): Tensor {
    if (x.shape.join() !== latent.shape.join())
      throw new RangeError(`straightThrough: [${x.shape.join(', ')}] for [${latent.shape.join(', ')}]`);
    return this.emit(x.shape, x.type, (output) => ({ op: 'straightThrough', x, latent, output }));
  }

  stopGradient(x: Tensor): Tensor {
    return this.emit(x.shape, x.type, (output) => ({ op: 'stopGradient', x, output }));
  }

  // Compositions that come up everywhere; they are their primitives to everyone else.
  square(x: Tensor): Tensor {
    return this.mul(x, x);
  }
  clip(x: Tensor, low: Operand, high: Operand): Tensor {
    return this.min(this.max(x, low), high);
  }

  /** The program that computes these tensors, as built; see `optimize` for the removal of dead and repeated work. */
  build(outputs: Readonly<Record<string, Tensor>>): Program {
    return { instructions: [...this.#instructions], outputs };
  }

  private emit(shape: readonly number[], type: ElementType, instruction: (output: Tensor) => Instruction): Tensor {
    const output: Tensor = { id: this.#instructions.length, shape: [...shape], type };
    this.#instructions.push(instruction(output));
    return output;
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

  #operands(a: Operand, b: Operand): readonly [Tensor, Tensor] {
    if (typeof a === 'number') return typeof b === 'number' ? [this.scalar(a), this.scalar(b)] : [this.#like(a, b), b];
    return typeof b === 'number' ? [a, this.#like(b, a)] : [a, b];
  }

  #like(value: number, other: Tensor): Tensor {
    return this.scalar(value, other.type === 'int32' ? 'int32' : 'float32');
  }
}
