/** Operations that move elements, and those that bring stored ones in. */
import type { Shape } from '../network.ts';
import type { Concat, Constant, Crop, DepthToSpace, Embedding, Pad, Permute, Reshape, SpaceToDepth } from '../operations.ts';
import { elementCount, formatShape, sameShape } from '../shapes/shape.ts';
import type { IntegerScale, OperationFacts, ShapeChecks } from './operation-facts.ts';

const movement = {
  inputs: 1,
  channels: 'mixed',
  parameters: () => [],
  details: () => '',
  integerScale: (): IntegerScale => 'asInput',
} as const;

/** The entries of a list with one entry an axis, for the source whose axis `order[i]` is axis i here. */
function toSource<T>(entries: readonly T[], order: readonly number[]): readonly T[] {
  return order.map((_, axis) => entries[order.indexOf(axis)]).flatMap((entry) => (entry === undefined ? [] : [entry]));
}

const concat: OperationFacts<Concat> = {
  ...movement,
  inputs: 'some',
  shape({ axis }, { input, inputs, fail }: ShapeChecks) {
    if (!(axis >= 0 && axis < input.length)) fail(`axis ${axis} is outside of ${formatShape(input)}`);
    if (inputs.some((shape) => shape.length !== input.length || !sameShape(shape.with(axis, 0), input.with(axis, 0))))
      fail(`cannot concatenate ${inputs.map(formatShape).join(' and ')} along axis ${axis}`);
    return input.with(
      axis,
      inputs.reduce((length, shape) => length + (shape[axis] ?? 0), 0),
    );
  },
  details: ({ axis }) => `axis ${axis}`,
  isIdentity: ({ inputs }) => inputs.length === 1,
  integerScale: () => 'asAllInputs',
  onSource: (operation, order) => ({ ...operation, axis: order[operation.axis] ?? operation.axis }),
};

const pad: OperationFacts<Pad> = {
  ...movement,
  passesScale: ({ paddings, value }) => value === 0 && (paddings.at(-1)?.every((count) => count === 0) ?? true),
  shape({ paddings, value }, { input, fail }) {
    if (paddings.length !== input.length || paddings.some((pair) => pair.some((n) => !Number.isSafeInteger(n) || n < 0)))
      fail(`paddings [${paddings.map((pair) => formatShape(pair)).join(', ')}] do not fit its input ${formatShape(input)}`);
    if (!Number.isFinite(value)) fail(`pads with ${value}, which is not finite`);
    return input.map((length, axis) => length + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
  },
  details: ({ value }) => (value === 0 ? '' : `with ${value}`),
  isIdentity: ({ paddings }) => paddings.every(([before, after]) => before === 0 && after === 0),
  onSource: (operation, order) => ({ ...operation, paddings: toSource(operation.paddings, order) }),
};

const crop: OperationFacts<Crop> = {
  ...movement,
  shape({ begin, size, strides }, { input, fail }) {
    const fits = [begin, size, strides].every((list) => list.length === input.length && list.every(Number.isSafeInteger));
    const inside = input.every((length, axis) => {
      const [from = -1, count = 0, stride = 0] = [begin[axis], size[axis], strides[axis]];
      return from >= 0 && count > 0 && stride > 0 && from + (count - 1) * stride < length;
    });
    if (!fits || !inside) fail(`cannot crop ${formatShape(size)} at ${formatShape(begin)} from its input ${formatShape(input)}`);
    return size;
  },
  details: ({ strides }) => (strides.every((n) => n === 1) ? '' : `every ${strides.join('x')}`),
  isIdentity: ({ size }, { inputs: [input = []] }) => sameShape(size, input),
  onSource: (operation, order) => ({
    ...operation,
    begin: toSource(operation.begin, order),
    size: toSource(operation.size, order),
    strides: toSource(operation.strides, order),
  }),
};

const reshape: OperationFacts<Reshape> = {
  ...movement,
  // Features of a flattened image are its channels over and over.
  passesScale: (_operation, { inputs: [input = []], output }) => output.length === 1 || output.at(-1) === input.at(-1),
  shape(_operation, { input, declared, fail }) {
    if (declared === undefined) return fail('reshape without a target shape');
    if (elementCount(declared) !== elementCount(input))
      fail(
        `cannot reshape ${formatShape(input)} (${elementCount(input)} elements) to ${formatShape(declared)} (${elementCount(declared)})`,
      );
    return declared;
  },
  isIdentity: (_operation, { inputs: [input = []], output }) => sameShape(input, output),
};

const permute: OperationFacts<Permute> = {
  ...movement,
  shape({ order }, { input, fail }) {
    if (order.length !== input.length || input.some((_, axis) => !order.includes(axis)))
      fail(`order ${formatShape(order)} does not permute its input ${formatShape(input)}`);
    return order.map((axis) => input[axis] ?? 0);
  },
  details: ({ order }) => order.join(', '),
  isIdentity: ({ order }) => order.every((axis, position) => axis === position),
};

function checkBlock(blockSize: number, { fail }: ShapeChecks, ...divided: readonly number[]): void {
  if (!Number.isSafeInteger(blockSize) || blockSize < 1) fail(`block size ${blockSize} must be a positive integer`);
  const rest = divided.find((length) => length % blockSize !== 0);
  if (rest !== undefined) fail(`${rest} does not divide into blocks of ${blockSize}`);
}

const depthToSpace: OperationFacts<DepthToSpace> = {
  ...movement,
  shape({ blockSize }, checks): Shape {
    const [h, w, c] = checks.image();
    checkBlock(blockSize, checks);
    if (c % blockSize ** 2 !== 0) checks.fail(`${c} channels do not divide into blocks of ${blockSize}x${blockSize}`);
    return [h * blockSize, w * blockSize, c / blockSize ** 2];
  },
  details: ({ blockSize }) => `block ${blockSize}`,
  isIdentity: ({ blockSize }) => blockSize === 1,
};

const spaceToDepth: OperationFacts<SpaceToDepth> = {
  ...movement,
  shape({ blockSize }, checks): Shape {
    const [h, w, c] = checks.image();
    checkBlock(blockSize, checks, h, w);
    return [h / blockSize, w / blockSize, c * blockSize ** 2];
  },
  details: ({ blockSize }) => `block ${blockSize}`,
  isIdentity: ({ blockSize }) => blockSize === 1,
};

const embedding: OperationFacts<Embedding> = {
  ...movement,
  parameters: ({ table }) => [table],
  shape({ table }, checks) {
    const [, width = 0] = checks.parameter(table, 'table', [undefined, undefined]);
    return [...checks.input, width];
  },
  integerScale: () => 'own',
};

const constant: OperationFacts<Constant> = {
  ...movement,
  inputs: 0,
  parameters: ({ parameter }) => [parameter],
  shape: ({ parameter }, checks) => checks.anyParameter(parameter),
  integerScale: () => 'own',
};

export const movementKinds = { concat, pad, crop, reshape, permute, depthToSpace, spaceToDepth, embedding, constant };
