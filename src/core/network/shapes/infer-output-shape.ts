/** Shape inference for one operation, with messages that name the layer. */
import { EspalierError, unreachable } from '../../errors.ts';
import type { ParameterId, Shape } from '../network.ts';
import type { Operation, Pair } from '../operations.ts';
import { broadcastShape, elementCount, formatShape, sameShape } from './shape.ts';
import { transposedOutput, windowOutput } from './window.ts';

export interface ShapeContext {
  /** Shapes of the operation's inputs, without the batch. */
  readonly inputs: readonly Shape[];
  readonly parameter: (id: ParameterId) => Shape;
  /** Only reshape needs it: the shape that it is to give. */
  readonly declared: Shape | undefined;
}

/** Throws an `invalid-model` error when inputs or parameters do not fit the operation. */
export function inferOutputShape(operation: Operation, context: ShapeContext): Shape {
  const where = `layer "${operation.layer}"`;
  const fail = (what: string): never => {
    throw new EspalierError('invalid-model', what, { where });
  };
  const input = context.inputs[0];
  if (input === undefined) return fail('has no input');
  const expectedInputs = operation.kind === 'binary' ? 2 : operation.kind === 'concat' ? undefined : 1;
  if (expectedInputs !== undefined && context.inputs.length !== expectedInputs)
    fail(`takes ${expectedInputs} input(s), got ${context.inputs.length}`);
  const image = (): readonly [number, number, number] => {
    const [h, w, c] = input;
    if (input.length !== 3 || h === undefined || w === undefined || c === undefined)
      return fail(`expects an image [height, width, channels], got ${formatShape(input)}`);
    return [h, w, c];
  };
  const parameter = (id: ParameterId, what: string, expected: readonly (number | undefined)[]): Shape => {
    const shape = context.parameter(id);
    if (shape.length !== expected.length || expected.some((length, axis) => length !== undefined && length !== shape[axis])) {
      fail(
        `${what} has shape ${formatShape(shape)}, expected [${expected.map((length) => length ?? '?').join(', ')}] for input ${formatShape(input)}`,
      );
    }
    return shape;
  };
  const bias = (id: ParameterId | undefined, channels: number): void => {
    if (id !== undefined) parameter(id, 'bias', [channels]);
  };

  switch (operation.kind) {
    case 'conv2d': {
      const [h, w, c] = image();
      const [out = 0, kh = 0, kw = 0] = parameter(operation.kernel, 'kernel', [undefined, undefined, undefined, c]);
      bias(operation.bias, out);
      return [...windowOutput([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding, where), out];
    }
    case 'depthwiseConv2d': {
      const [h, w, c] = image();
      const channels = c * operation.multiplier;
      const [, kh = 0, kw = 0] = parameter(operation.kernel, 'kernel', [1, undefined, undefined, channels]);
      bias(operation.bias, channels);
      return [...windowOutput([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding, where), channels];
    }
    case 'transposeConv2d': {
      const [h, w, c] = image();
      const [out = 0, kh = 0, kw = 0] = parameter(operation.kernel, 'kernel', [undefined, undefined, undefined, c]);
      bias(operation.bias, out);
      windowOutput([kh, kw], [kh, kw], operation.strides, [1, 1], 'same', where);
      return [...transposedOutput([h, w], [kh, kw], operation.strides, operation.padding), out];
    }
    case 'dense': {
      const [out = 0] = parameter(operation.kernel, 'kernel', [undefined, input.at(-1) ?? 0]);
      bias(operation.bias, out);
      return [...input.slice(0, -1), out];
    }
    case 'batchNorm': {
      const channels = input.at(-1) ?? 0;
      for (const what of ['gamma', 'beta', 'mean', 'variance'] as const) parameter(operation[what], what, [channels]);
      return input;
    }
    case 'rescale': {
      for (const what of ['scale', 'offset'] as const) {
        const [length] = context.parameter(operation[what]);
        parameter(operation[what], what, [length === 1 ? 1 : (input.at(-1) ?? 0)]);
      }
      return input;
    }
    case 'prelu': {
      const alpha = context.parameter(operation.alpha);
      const broadcast = broadcastShape(input, alpha);
      if (alpha.length !== input.length || broadcast === undefined || !sameShape(broadcast, input))
        fail(`alpha ${formatShape(alpha)} does not fit its input ${formatShape(input)}`);
      return input;
    }
    case 'activation':
    case 'dropout':
      return input;
    case 'binary': {
      const other = context.inputs[1] ?? input;
      return (
        broadcastShape(input, other) ??
        fail(`${operation.function} of ${formatShape(input)} and ${formatShape(other)}: the shapes do not broadcast`)
      );
    }
    case 'concat': {
      const { axis } = operation;
      if (!(axis >= 0 && axis < input.length)) fail(`axis ${axis} is outside of ${formatShape(input)}`);
      let length = 0;
      for (const shape of context.inputs) {
        if (!sameShape(shape.with(axis, 0), input.with(axis, 0)))
          fail(`cannot concatenate ${context.inputs.map(formatShape).join(' and ')} along axis ${axis}`);
        length += shape[axis] ?? 0;
      }
      return input.with(axis, length);
    }
    case 'pad': {
      if (
        operation.paddings.length !== input.length ||
        operation.paddings.some((pair) => pair.some((n) => !Number.isSafeInteger(n) || n < 0))
      ) {
        fail(`paddings [${operation.paddings.map((pair) => formatShape(pair)).join(', ')}] do not fit its input ${formatShape(input)}`);
      }
      return input.map((length, axis) => length + (operation.paddings[axis]?.[0] ?? 0) + (operation.paddings[axis]?.[1] ?? 0));
    }
    case 'crop': {
      const { begin, size } = operation;
      const fits =
        begin.length === input.length &&
        size.length === input.length &&
        input.every(
          (length, axis) => (begin[axis] ?? -1) >= 0 && (size[axis] ?? 0) > 0 && (begin[axis] ?? 0) + (size[axis] ?? 0) <= length,
        );
      if (!fits) fail(`cannot crop ${formatShape(size)} at ${formatShape(begin)} from its input ${formatShape(input)}`);
      return size;
    }
    case 'pool2d': {
      const [h, w, c] = image();
      const ones: Pair = [1, 1];
      return [...windowOutput([h, w], operation.size, operation.strides, ones, operation.padding, where), c];
    }
    case 'globalPool': {
      const [, , c] = image();
      return operation.keepDimensions ? [1, 1, c] : [c];
    }
    case 'reshape': {
      const { declared } = context;
      if (declared === undefined) return fail('reshape without a target shape');
      if (elementCount(declared) !== elementCount(input))
        fail(
          `cannot reshape ${formatShape(input)} (${elementCount(input)} elements) to ${formatShape(declared)} (${elementCount(declared)})`,
        );
      return declared;
    }
    case 'permute': {
      const { order } = operation;
      if (order.length !== input.length || input.some((_, axis) => !order.includes(axis)))
        fail(`order ${formatShape(order)} does not permute its input ${formatShape(input)}`);
      return order.map((axis) => input[axis] ?? 0);
    }
    case 'upsample': {
      const [h, w, c] = image();
      if (!operation.factor.every((n) => Number.isSafeInteger(n) && n > 0))
        fail(`factor ${formatShape(operation.factor)} must be positive integers`);
      return [h * operation.factor[0], w * operation.factor[1], c];
    }
    case 'embedding': {
      const [, width = 0] = parameter(operation.table, 'table', [undefined, undefined]);
      return [...input, width];
    }
    default:
      return unreachable(operation);
  }
}
