import type { ProgramBuilder } from '../../../src/core/program/builder.ts';
import { convolutionShape, depthwiseShape } from '../../../src/core/program/shapes.ts';
import type { Tensor } from '../../../src/core/program/program.ts';
import type { Differentiated } from './finite-differences.ts';

const positive = (random: () => number): number => 0.5 + random();
/** At least 0.1 from every multiple of a half, where rounding and comparing have their kinks. */
const awayFromKinks = (random: () => number): number => Math.floor(random() * 8 - 4) / 2 + 0.1 + 0.3 * random();
/** Distinct by more than the step of the differences, so that the largest stays the largest. */
const distinct = (): ((random: () => number) => number) => {
  let count = 0;
  return () => ((count++ * 37) % 101) / 16;
};
const window = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

/** Every primitive at least once, at points away from kinks. */
export const differentiableCases: Readonly<Record<string, Differentiated>> = {
  neg: { shapes: [[3]], build: (b, x) => b.neg(x) },
  abs: { shapes: [[5]], build: (b, x) => b.abs(x), value: awayFromKinks },
  exp: { shapes: [[3]], build: (b, x) => b.exp(x) },
  log: { shapes: [[3]], build: (b, x) => b.log(x), value: positive },
  sqrt: { shapes: [[3]], build: (b, x) => b.sqrt(x), value: positive },
  reciprocal: { shapes: [[3]], build: (b, x) => b.reciprocal(x), value: positive },
  relu: { shapes: [[6]], build: (b, x) => b.relu(x), value: awayFromKinks },
  relu6: { shapes: [[9]], build: (b, x) => b.relu6(b.mul(x, 4)), value: awayFromKinks },
  affineRows: { shapes: [[3, 4], [3], [3]], build: (b, x, scale, offset) => b.affineRows(x, scale, offset) },
  rowDot: {
    shapes: [
      [3, 4],
      [3, 4],
    ],
    build: (b, x, y) => b.rowDot(x, y),
  },
  'rowDot with itself': { shapes: [[3, 4]], build: (b, x) => b.rowDot(x, x) },
  rectifierGradient: {
    shapes: [[6], [6]],
    build: (b, x, y) => b.square(b.rectifierGradient(b.stopGradient(x), y, 6)),
    value: awayFromKinks,
  },
  sigmoid: { shapes: [[3]], build: (b, x) => b.sigmoid(x) },
  tanh: { shapes: [[3]], build: (b, x) => b.tanh(x) },
  erf: { shapes: [[3]], build: (b, x) => b.erf(x) },
  'floor, round and sign, which are flat': {
    shapes: [[6]],
    build: (b, x) => b.add(b.mul(b.floor(x), b.round(x)), b.add(b.sign(x), x)),
    value: awayFromKinks,
  },
  'add, stretching both': {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (b, x, y) => b.add(x, y),
  },
  'sub, stretching a scalar': { shapes: [[2, 3], []], build: (b, x, y) => b.sub(y, x) },
  'mul, stretching crosswise': {
    shapes: [
      [2, 1],
      [1, 3],
    ],
    build: (b, x, y) => b.mul(x, y),
  },
  div: { shapes: [[2, 3], [3]], build: (b, x, y) => b.div(x, y), value: positive },
  max: { shapes: [[9], [1]], build: (b, x, y) => b.max(x, y), value: awayFromKinks },
  min: { shapes: [[9], [1]], build: (b, x, y) => b.min(x, y), value: awayFromKinks },
  clip: { shapes: [[12]], build: (b, x) => b.clip(x, -0.5, 1), value: awayFromKinks },
  pow: { shapes: [[3], [3]], build: (b, x, y) => b.pow(x, y), value: positive },
  where: { shapes: [[2, 3], [3]], build: (b, x, y) => b.where(b.greater(x, 0), x, b.mul(y, y)), value: awayFromKinks },
  'reduce sum': { shapes: [[2, 3, 2]], build: (b, x) => b.square(b.sum(x, [0, 2])) },
  'reduce mean, dimensions kept': { shapes: [[2, 3, 2]], build: (b, x) => b.sub(x, b.square(b.mean(x, [1], true))) },
  'reduce max': { shapes: [[3, 4]], build: (b, x) => b.maximum(x, [1]), value: distinct() },
  'reduce min over all': { shapes: [[3, 4]], build: (b, x) => b.minimum(x), value: distinct() },
  'reshape and transpose': { shapes: [[2, 3, 2]], build: (b, x) => b.square(b.transpose(b.reshape(x, [3, 2, 2]), [2, 0, 1])) },
  broadcastTo: { shapes: [[3, 1]], build: (b, x) => b.broadcastTo(x, [2, 3, 4]) },
  'slice in steps': { shapes: [[7, 5]], build: (b, x) => b.square(b.slice(x, [1, 0], [3, 2], [2, 3])) },
  concat: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (b, x, y) => b.square(b.concat([x, y, x], 1)),
  },
  pad: {
    shapes: [[2, 3]],
    build: (b, x) =>
      b.square(
        b.pad(
          x,
          [
            [1, 0],
            [0, 2],
          ],
          3,
        ),
      ),
  },
  'gather rows': { shapes: [[4, 3]], build: (b, x) => b.square(b.gather(x, b.constant(Int32Array.of(2, 0, 2, 2), [2, 2]))) },
  'gather columns': { shapes: [[2, 4, 3]], build: (b, x) => b.square(b.gather(x, b.constant(Int32Array.of(3, 3, 0), [3]), 1)) },
  'gather values': { shapes: [[5]], build: (b, x) => b.square(b.gather(x, b.constant(Int32Array.of(1, 1, 4), [3]))) },
  scatterAdd: { shapes: [[4, 2]], build: (b, x) => b.square(b.scatterAdd(3, b.constant(Int32Array.of(2, 0, 2, 2), [4]), x)) },
  straightThrough: { shapes: [[4]], build: (b, x) => b.square(b.straightThrough(b.mul(x, 1), x)) },
  'maxPool2d, windows apart': { shapes: [[1, 2, 5, 4]], build: (b, x) => b.maxPool2d(x, [2, 2], [2, 2], [0, 0, 1, 0]), value: distinct() },
  'maxPool2d, windows overlapping': {
    shapes: [[2, 1, 5, 5]],
    build: (b, x) => b.maxPool2d(x, [3, 3], [2, 2], [1, 0, 1, 0]),
    value: distinct(),
  },
};

for (const [transposeA, transposeB] of [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const) {
  const options = { transposeA, transposeB };
  const name = `matmul${transposeA ? ' A transposed' : ''}${transposeB ? ' B transposed' : ''}`;
  const a = transposeA ? [3, 2] : [2, 3];
  const b = transposeB ? [4, 3] : [3, 4];
  Object.assign(differentiableCases, {
    [name]: { shapes: [a, b], build: (builder: ProgramBuilder, x: Tensor, y: Tensor) => builder.matmul(x, y, options) },
    [`${name}, batched`]: {
      shapes: [
        [2, ...a],
        [2, ...b],
      ],
      build: (builder: ProgramBuilder, x: Tensor, y: Tensor) => builder.matmul(x, y, options),
    },
    [`${name}, one B for the batch`]: {
      shapes: [[2, 2, ...a], b],
      build: (builder: ProgramBuilder, x: Tensor, y: Tensor) => builder.matmul(x, y, options),
    },
    [`${name}, one A for a part of the batch`]: {
      shapes: [
        [2, 1, ...a],
        [2, 3, ...b],
      ],
      build: (builder: ProgramBuilder, x: Tensor, y: Tensor) => builder.matmul(x, y, options),
    },
    [`${name}, one A for the batch`]: {
      shapes: [
        [1, ...a],
        [3, ...b],
      ],
      build: (builder: ProgramBuilder, x: Tensor, y: Tensor) => builder.matmul(x, y, options),
    },
  });
}

const windows = {
  plain: window,
  strided: { ...window, strides: [2, 1] },
  'strided with a rest': { ...window, strides: [2, 2], pads: [1, 0, 0, 1] },
  padded: { ...window, pads: [2, 1, 0, 1] },
  dilated: { ...window, dilations: [2, 1], pads: [1, 1, 1, 1] },
  'dilated and strided': { ...window, dilations: [2, 2], strides: [2, 2], pads: [2, 2, 2, 2] },
  grouped: { ...window, groups: 2, pads: [1, 1, 1, 1] },
  'grouped and strided': { ...window, groups: 2, strides: [2, 2], pads: [1, 0, 1, 1] },
} as const;
for (const [name, w] of Object.entries(windows)) {
  const x = [2, 4, 6, 5];
  const filter = [6, 4 / w.groups, 3, 2];
  Object.assign(differentiableCases, {
    [`conv2d ${name}`]: { shapes: [x, filter], build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.conv2d(p, q, w) },
    [`convTranspose2d ${name}`]: {
      shapes: [convolutionShape(x, filter, w), filter],
      build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.convTranspose2d(p, q, x, w),
    },
    [`conv2dFilterGradient ${name}`]: {
      shapes: [x, convolutionShape(x, filter, w)],
      build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.conv2dFilterGradient(p, q, filter, w),
    },
  });
}
for (const [name, { strides, pads, dilations, groups }] of Object.entries(windows)) {
  if (groups > 1) continue;
  // Narrow images and wide ones have filter gradients of their own.
  const wide = name === 'strided with a rest' || name === 'dilated and strided';
  for (const [size, x] of [['', [3, 2, 6, 5]] as const, ...(wide ? [[' of wide images', [2, 1, 4, 66]] as const] : [])]) {
    const w = { strides, pads, dilations };
    const filter = [x[0], 3, 2];
    Object.assign(differentiableCases, {
      [`depthwiseConv2d${size} ${name}`]: {
        shapes: [x, filter],
        build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.depthwiseConv2d(p, q, w),
      },
      [`depthwiseConvTranspose2d${size} ${name}`]: {
        shapes: [depthwiseShape(x, filter, w), filter],
        build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.depthwiseConvTranspose2d(p, q, x, w),
      },
      [`depthwiseFilterGradient${size} ${name}`]: {
        shapes: [x, depthwiseShape(x, filter, w)],
        build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.depthwiseFilterGradient(p, q, filter, w),
      },
    });
  }
}
// Enough channels for filter gradients by a product for each tap, and by a convolution of x with its channels last.
for (const [channels, filters] of [
  [8, 2],
  [16, 16],
] as const) {
  for (const name of ['plain', 'strided', 'strided with a rest', 'padded', 'dilated and strided'] as const) {
    const w = windows[name];
    const x = [2, channels, 5, 6];
    const filter = [filters, channels, 3, 2];
    Object.assign(differentiableCases, {
      [`conv2d of ${channels} channels ${name}`]: {
        shapes: [x, filter],
        build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.conv2d(p, q, w),
      },
      [`conv2dFilterGradient of ${channels} channels ${name}`]: {
        shapes: [x, convolutionShape(x, filter, w)],
        build: (b: ProgramBuilder, p: Tensor, q: Tensor) => b.conv2dFilterGradient(p, q, filter, w),
      },
    });
  }
}
