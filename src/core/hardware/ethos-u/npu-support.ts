/**
 * What keeps an operator on the CPU. Rules of `SUPPORTED_OPS.md` in nxp-imx/ethos-u-vela (Vela 3.10), without those on exotic operators, which
 * stay on the CPU altogether.
 */
import type { TfliteTensor } from '../../tflite/tflite-model.ts';
import { elementCount } from '../../tflite/tflite-model.ts';
import { storedValues } from '../../tflite/tensor-values.ts';
import { numberOption, type GraphOperator } from '../graph-operators.ts';

type Rule = (operator: GraphOperator) => string | undefined;

const largestDimension = 65_535;
const largestKernelHeight = 64;
const largestKernelArea = 4096;
const largestWeightSum = 127 * 65_536;
const largestStride = 3;
const largestPoolArea = 65_536;
const largestPoolHeight = 256;

/** Undefined for an operator that runs on the NPU. */
export function npuObstacle(operator: GraphOperator): string | undefined {
  const rules = Object.hasOwn(npuRules, operator.kind) ? npuRules[operator.kind] : undefined;
  if (rules === undefined) return `the NPU has no ${operator.kind}`;
  return firstObstacle(operator, [...generic, ...rules]);
}

function firstObstacle(operator: GraphOperator, rules: readonly Rule[]): string | undefined {
  for (const rule of rules) {
    const obstacle = rule(operator);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

const batchFree = ['FULLY_CONNECTED', 'RESHAPE', 'SLICE', 'SOFTMAX', 'SPLIT', 'SPLIT_V', 'SQUEEZE', 'STRIDED_SLICE', 'UNPACK'];
const wideTypes = ['ADD', 'SUB', 'MUL', 'TRANSPOSE'];
const perAxis = ['CONV_2D', 'DEPTHWISE_CONV_2D', 'TRANSPOSE_CONV'];

const generic: readonly Rule[] = [
  ({ kind, inputs, outputs }) => {
    const [input] = dataInputs(kind, inputs);
    const types = [input, ...outputs].flatMap((tensor) => (tensor === undefined ? [] : [tensor.type]));
    const other = types.find((type) => !['int8', 'uint8', 'int16'].includes(type) && !(type === 'int32' && wideTypes.includes(kind)));
    return other === undefined ? undefined : `it computes with ${other}`;
  },
  ({ inputs, outputs }) => {
    const large = [...inputs, ...outputs].find((tensor) => tensor !== undefined && tensor.shape.length > 4);
    return large === undefined ? undefined : `tensor "${large.name}" has ${large.shape.length} dimensions, the NPU at most 4`;
  },
  ({ inputs, outputs }) => {
    const large = [...inputs, ...outputs].find((tensor) => tensor?.shape.some((size) => size < 1 || size > largestDimension));
    return large === undefined ? undefined : `tensor "${large.name}" has a dimension that is not in 1 to ${largestDimension}`;
  },
  ({ kind, inputs }) => {
    const [input] = dataInputs(kind, inputs);
    const batch = input?.shape.length === 4 ? input.shape[0] : 1;
    return batch === 1 || batchFree.includes(kind) ? undefined : `it has a batch of ${batch ?? 0}`;
  },
  ({ kind, inputs }) => {
    const axis = inputs.find(
      (tensor) => (tensor?.quantization?.scales.length ?? 0) > 1 && tensor?.type !== 'int32' && tensor?.type !== 'int64',
    );
    return axis === undefined || perAxis.includes(kind) ? undefined : `tensor "${axis.name}" is quantized per channel`;
  },
];

/** Tensors of values: a transposed convolution lists its output's shape first. */
function dataInputs(kind: string, inputs: GraphOperator['inputs']): GraphOperator['inputs'] {
  return kind === 'TRANSPOSE_CONV' ? inputs.slice(2) : inputs;
}

const constantKernel: Rule = ({ inputs }) => {
  const kernel = inputs[1];
  if (kernel?.data === undefined) return 'its kernel is computed';
  return kernel.type === 'int8' || kernel.type === 'uint8' ? undefined : `its kernel is ${kernel.type}`;
};

const kernelSum: Rule = ({ inputs, kind }) => {
  const kernel = inputs[1];
  if (kernel?.data === undefined) return undefined;
  const outputs = kind === 'DEPTHWISE_CONV_2D' ? (kernel.shape[3] ?? 1) : (kernel.shape[0] ?? 1);
  // The values of one output channel decide; fewer of them than this can't reach the limit.
  if (elementCount(kernel.shape) / outputs <= largestWeightSum / 255) return undefined;
  const sum = storedValues(kernel).reduce((total, value) => total + Math.abs(value), 0) / outputs;
  return sum > largestWeightSum ? 'the weights of a channel add up to too much' : undefined;
};

function kernelSize(heightAt: number, widthAt: number): Rule {
  return (operator) => {
    const shape = operator.inputs[1]?.shape ?? [];
    const height = ((shape[heightAt] ?? 1) - 1) * numberOption(operator, 'dilationHeight', 1) + 1;
    const width = ((shape[widthAt] ?? 1) - 1) * numberOption(operator, 'dilationWidth', 1) + 1;
    return height > largestKernelHeight || height * width > largestKernelArea ? `its kernel reaches over ${height}x${width}` : undefined;
  };
}

/** Wider strides of convolutions can be folded into channels. */
const strides: Rule = (operator) => {
  const height = numberOption(operator, 'strideHeight', 1);
  const width = numberOption(operator, 'strideWidth', 1);
  const output = operator.outputs[0]?.shape ?? [];
  const inputWidth = operator.inputs[0]?.shape[2] ?? 1;
  if (height > largestStride && (output[1] ?? 1) > 1) return `its stride is ${height}x${width}`;
  const canFold = operator.kind === 'CONV_2D' && [2, 3].some((factor) => width % factor === 0 && inputWidth % (width / factor) === 0);
  return width > largestStride && (output[2] ?? 1) > 1 && !canFold ? `its stride is ${height}x${width}` : undefined;
};

const sameTypes: Rule = ({ inputs, outputs }) =>
  inputs[0]?.type === outputs[0]?.type ? undefined : 'its input and output have different types';

const oneShape: Rule = ({ inputs, outputs }) => {
  const shape = String(outputs[0]?.shape);
  return inputs.some((input) => String(input?.shape) === shape) ? undefined : 'none of its inputs has the shape of its output';
};

const sameQuantization: Rule = ({ inputs, outputs }) =>
  hasSameScale(inputs[0], outputs[0]) ? undefined : 'its input and output are quantized differently';

export function hasSameScale(a: TfliteTensor | undefined, b: TfliteTensor | undefined): boolean {
  const [first, second] = [a?.quantization, b?.quantization];
  return first?.scales[0] === second?.scales[0] && first?.zeroPoints[0] === second?.zeroPoints[0];
}

const pool: Rule = (operator) => {
  const height = numberOption(operator, 'filterHeight', 1);
  const width = numberOption(operator, 'filterWidth', 1);
  const isPadded = operator.kind === 'AVERAGE_POOL_2D' && operator.options['padding'] === 'same';
  const fits = isPadded ? height <= 8 && width <= 8 : height <= largestPoolHeight && height * width <= largestPoolArea;
  return fits ? undefined : `its window is ${height}x${width}`;
};

const constantInput: Rule = ({ inputs }) => (inputs[1]?.data === undefined ? 'its second input is computed' : undefined);

const table: readonly Rule[] = [
  ({ inputs }) => (inputs[0]?.type === 'int8' || inputs[0]?.type === 'uint8' ? undefined : `its input is ${inputs[0]?.type ?? 'missing'}`),
  sameTypes,
];

const meanAxes: Rule = ({ inputs }) => {
  const [input, axes] = inputs;
  if (input === undefined || axes?.data === undefined) return 'its axes are computed';
  const rank = input.shape.length;
  const reduced = [...storedValues(axes)].map((axis) => (axis < 0 ? axis + rank : axis));
  const product = reduced.reduce((total, axis) => total * (input.shape[axis] ?? 1), 1);
  const [, height = 1, width = 1, depth = 1] = input.shape;
  if (reduced.includes(3) && depth > 1 && ![height, width].includes(1)) return 'it reduces the channels of an image';
  return product > 2 ** 24 ? `it reduces ${product} values` : undefined;
};

const padding: Rule = ({ inputs }) => {
  const sizes = inputs[1];
  if (sizes?.data === undefined) return 'its padding is computed';
  if (!(sizes.shape[1] === 2 && (sizes.shape[0] === 3 || sizes.shape[0] === 4))) return 'its padding is not of an image';
  const values = storedValues(sizes);
  const batch = sizes.shape[0] === 4 ? (values[0] ?? 0) + (values[1] ?? 0) : 0;
  return batch + (values.at(-1) ?? 0) + (values.at(-2) ?? 0) > 0 ? 'it pads channels' : undefined;
};

const resize: Rule = ({ inputs, outputs, options }) => {
  const [, height = 1, width = 1] = inputs[0]?.shape ?? [];
  const [, toHeight = 1, toWidth = 1] = outputs[0]?.shape ?? [];
  if ((height === 1 && width === 1) || (height === toHeight && width === toWidth)) return undefined;
  const corner = options['alignCorners'] === true ? 1 : 0;
  const factor = (toHeight - corner) / (height - corner);
  const isPower = [2, 4, 8].includes(factor) && (toWidth - corner) / (width - corner) === factor;
  if (!isPower) return `it resizes ${height}x${width} to ${toHeight}x${toWidth}; the NPU doubles`;
  return options['halfPixelCenters'] === true && factor > 2 ? 'it resizes half pixels by more than 2' : undefined;
};

const elementwise: readonly Rule[] = [oneShape];
const convolution: readonly Rule[] = [constantKernel, kernelSize(1, 2), strides, kernelSum];
const copies: readonly Rule[] = [];

const npuRules: Readonly<Record<string, readonly Rule[]>> = {
  ADD: elementwise,
  SUB: elementwise,
  MUL: elementwise,
  MAXIMUM: [oneShape, sameTypes],
  MINIMUM: [oneShape, sameTypes],
  ABS: [sameTypes],
  SQUARED_DIFFERENCE: elementwise,
  CONV_2D: [
    ...convolution,
    ({ inputs }) => ((inputs[0]?.shape[3] ?? 0) % (inputs[1]?.shape[3] ?? 1) === 0 ? undefined : 'its groups do not divide its channels'),
  ],
  DEPTHWISE_CONV_2D: [
    ...convolution,
    ({ inputs, outputs }) => {
      const from = inputs[0]?.shape[3] ?? 0;
      const to = outputs[0]?.shape[3] ?? 0;
      return from === to || from === 1 ? undefined : `it has ${to / from} outputs for each of ${from} channels`;
    },
  ],
  TRANSPOSE_CONV: [
    constantKernel,
    kernelSize(1, 2),
    kernelSum,
    (operator) => {
      const height = numberOption(operator, 'strideHeight', 1);
      const width = numberOption(operator, 'strideWidth', 1);
      return height === width && width <= 2 ? undefined : `its stride is ${height}x${width}`;
    },
  ],
  FULLY_CONNECTED: [
    constantKernel,
    ({ outputs }) => (outputs[0]?.shape.length === 2 ? undefined : `its output has ${outputs[0]?.shape.length ?? 0} dimensions`),
  ],
  AVERAGE_POOL_2D: [sameTypes, strides, pool],
  MAX_POOL_2D: [sameTypes, strides, pool],
  MEAN: [meanAxes],
  SOFTMAX: [sameTypes],
  LOGISTIC: copies,
  TANH: copies,
  HARD_SWISH: table,
  LEAKY_RELU: [sameTypes],
  EXP: [sameTypes],
  RSQRT: table,
  PRELU: copies,
  RELU: copies,
  RELU6: copies,
  RELU_N1_TO_1: copies,
  QUANTIZE: copies,
  CONCATENATION: copies,
  PACK: copies,
  UNPACK: copies,
  SPLIT: copies,
  SPLIT_V: copies,
  SLICE: [constantInput],
  STRIDED_SLICE: [constantInput],
  TRANSPOSE: [constantInput],
  PAD: [padding],
  RESHAPE: [sameQuantization],
  SQUEEZE: [sameQuantization],
  EXPAND_DIMS: [sameQuantization],
  RESIZE_BILINEAR: [resize],
  RESIZE_NEAREST_NEIGHBOR: [resize],
};
