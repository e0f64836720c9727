/** Operations that combine elements of one value over a window or along axes, and products of two values. */
import type { Shape } from '../network.ts';
import type { BatchMatmul, GlobalPool, Pool2d, Reduce, Resize } from '../operations.ts';
import { broadcastShape, elementCount, formatShape } from '../shapes/shape.ts';
import { windowOutput } from '../shapes/window.ts';
import { type OperationFacts, strideDetails } from './operation-facts.ts';

const pool2d: OperationFacts<Pool2d> = {
  inputs: 1,
  channels: 'kept',
  passesScale: () => true,
  parameters: () => [],
  shape({ size, strides, padding }, checks) {
    const [h, w, c] = checks.image();
    return [...windowOutput([h, w], size, strides, [1, 1], padding, checks.where), c];
  },
  details: ({ function: name, size, strides, padding }) => [name, size.join('x'), ...strideDetails(strides), padding].join(', '),
  isIdentity: ({ size, strides }) => [...size, ...strides].every((n) => n === 1),
  integerScale: () => 'asInput',
};

const globalPool: OperationFacts<GlobalPool> = {
  inputs: 1,
  channels: 'kept',
  passesScale: () => true,
  parameters: () => [],
  shape({ keepDimensions }, checks) {
    const [, , c] = checks.image();
    return keepDimensions ? [1, 1, c] : [c];
  },
  details: ({ function: name }) => name,
  integerScale: ({ function: name }) => (name === 'max' ? 'asInput' : 'own'),
};

const reduce: OperationFacts<Reduce> = {
  inputs: 1,
  channels: 'mixed',
  parameters: () => [],
  shape({ axes, keepDimensions }, { input, fail }): Shape {
    const valid = axes.length > 0 && axes.every((axis, i) => Number.isInteger(axis) && axis > (axes[i - 1] ?? -1) && axis < input.length);
    if (!valid) fail(`axes ${formatShape(axes)} do not fit its input ${formatShape(input)}`);
    return input.flatMap((length, axis) => (axes.includes(axis) ? (keepDimensions ? [1] : []) : [length]));
  },
  details: ({ function: name, axes }) => `${name}, axes ${axes.join(', ')}`,
  integerScale: ({ function: name }) => (name === 'max' || name === 'min' ? 'asInput' : 'own'),
  onSource: (operation, order) =>
    operation.keepDimensions ? { ...operation, axes: operation.axes.map((axis) => order[axis] ?? axis).sort((a, b) => a - b) } : undefined,
};

const resize: OperationFacts<Resize> = {
  inputs: 1,
  channels: 'kept',
  passesScale: () => true,
  parameters: () => [],
  shape({ size }, checks) {
    const [, , c] = checks.image();
    if (!size.every((n) => Number.isSafeInteger(n) && n > 0)) checks.fail(`size ${formatShape(size)} must be positive integers`);
    return [...size, c];
  },
  details: ({ size, interpolation, coordinates }) => `to ${size.join('x')}, ${interpolation}, ${coordinates}`,
  isIdentity: ({ size }, { inputs: [input = []] }) => size[0] === input[0] && size[1] === input[1],
  integerScale: () => 'asInput',
};

const batchMatmul: OperationFacts<BatchMatmul> = {
  inputs: 2,
  channels: 'mixed',
  parameters: () => [],
  shape({ transposeA, transposeB }, { input, inputs: [, other = []], fail }): Shape {
    const [rows, inner] = transposeA ? [input.at(-1), input.at(-2)] : [input.at(-2), input.at(-1)];
    const [innerB, columns] = transposeB ? [other.at(-1), other.at(-2)] : [other.at(-2), other.at(-1)];
    const batch = broadcastShape(input.slice(0, -2), other.slice(0, -2));
    if (rows === undefined || columns === undefined || inner !== innerB || batch === undefined)
      return fail(
        `cannot multiply ${formatShape(input)}${transposeA ? ' transposed' : ''} by ${formatShape(other)}${transposeB ? ' transposed' : ''}`,
      );
    return [...batch, rows, columns];
  },
  details: ({ transposeA, transposeB }) => [...(transposeA ? ['a transposed'] : []), ...(transposeB ? ['b transposed'] : [])].join(', '),
  multiplyAdds: ({ transposeA }, { inputs: [a = []], output }) => elementCount(output) * ((transposeA ? a.at(-2) : a.at(-1)) ?? 0),
  integerScale: () => 'own',
};

export const combinationKinds = { pool2d, globalPool, reduce, resize, batchMatmul };
