import { storedValues } from '../../tflite/tensor-values.ts';
import { numberOption, requiredInput, requiredOutput, type GraphOperator } from '../graph-operators.ts';
import type { Volume } from './accelerators.ts';
import { volumeOf } from './feature-maps.ts';
import { oneWeights } from './kernel-weights.ts';
import { pointKernel, type ElementwiseKind, type NpuKernel } from './npu-operation.ts';
import { imagePadding } from './pad-fusion.ts';
import { plainOperation, type NpuProgramBuilder } from './npu-program.ts';
import { hasSameScale } from './npu-support.ts';
import { lowerSoftmax } from './softmax-steps.ts';
import { lowerConvolution, lowerDense, lowerDepthwise, lowerTransposedConvolution } from './weighted-operators.ts';

type Lowering = (operator: GraphOperator, program: NpuProgramBuilder) => void;

/** @throws EspalierError `invalid-model` when the operator's tensors do not have the rank that it needs */
export function lowerOperator(operator: GraphOperator, program: NpuProgramBuilder): void {
  const lower = Object.hasOwn(lowerings, operator.kind) ? lowerings[operator.kind] : undefined;
  lower?.(operator, program);
}

const lowerings: Readonly<Record<string, Lowering>> = {
  CONV_2D: lowerConvolution,
  DEPTHWISE_CONV_2D: lowerDepthwise,
  TRANSPOSE_CONV: lowerTransposedConvolution,
  FULLY_CONNECTED: lowerDense,
  AVERAGE_POOL_2D: pooling(false),
  MAX_POOL_2D: pooling(true),
  ADD: elementwise('add'),
  SUB: elementwise('add'),
  MUL: elementwise('multiply'),
  MAXIMUM: elementwise('other'),
  MINIMUM: elementwise('other'),
  ABS: elementwise('other'),
  SQUARED_DIFFERENCE: (operator, program) => {
    elementwise('add')(operator, program);
    elementwise('multiply')(operator, program);
  },
  PRELU: (operator, program) => {
    elementwise('multiply')(operator, program);
    elementwise('other')(operator, program);
  },
  MEAN: mean,
  SOFTMAX: lowerSoftmax,
  LOGISTIC: table,
  TANH: table,
  HARD_SWISH: table,
  LEAKY_RELU: table,
  EXP: table,
  RSQRT: table,
  RELU: relu,
  RELU6: relu,
  RELU_N1_TO_1: relu,
  QUANTIZE: copyInputs,
  TRANSPOSE: copyInputs,
  CONCATENATION: copyInputs,
  PACK: copyInputs,
  PAD: padding,
  RESIZE_BILINEAR: resize,
  RESIZE_NEAREST_NEIGHBOR: resize,
};

function pooling(isMaximum: boolean): Lowering {
  return (operator, program) => {
    const output = program.maps.of(program.output(operator));
    const kernel: NpuKernel = {
      ...pointKernel,
      height: numberOption(operator, 'filterHeight', 1),
      width: numberOption(operator, 'filterWidth', 1),
      strideHeight: output.shape.height === 1 ? 1 : numberOption(operator, 'strideHeight', 1),
      strideWidth: output.shape.width === 1 ? 1 : numberOption(operator, 'strideWidth', 1),
    };
    program.emit(
      { ...plainOperation(operator), kind: 'pooling', input: program.maps.of(program.input(operator, 0)), output, kernel, isMaximum },
      program.output(operator),
    );
  };
}

function elementwise(kind: ElementwiseKind): Lowering {
  return (operator, program) => {
    const output = program.maps.of(program.output(operator));
    const indices = operator.source.inputs.slice(0, 2).map((_, i) => program.input(operator, i));
    // A constant, or an input that is repeated, is the second one.
    const [first = -1, second] =
      indices.length === 2 && isSecondary(operator, 0) && !isSecondary(operator, 1) ? indices.reverse() : indices;
    program.emit(
      {
        ...plainOperation(operator),
        kind: 'elementwise',
        elementwise: kind,
        input: program.maps.of(first),
        input2: second === undefined ? undefined : program.maps.of(second),
        output,
      },
      program.output(operator),
    );
  };
}

function isSecondary(operator: GraphOperator, input: number): boolean {
  const tensor = operator.inputs[input];
  return tensor?.data !== undefined || String(tensor?.shape) !== String(operator.outputs[0]?.shape);
}

/** Sums by a kernel of ones, with 32 bits, and a product that divides. */
function mean(operator: GraphOperator, program: NpuProgramBuilder): void {
  const input = requiredInput(operator, 0);
  const axes = [...storedValues(requiredInput(operator, 1))].map(
    (axis) => (axis < 0 ? axis + input.shape.length : axis) + 4 - input.shape.length,
  );
  const image = volumeOf(input);
  // Channels that are reduced become columns.
  const shape = axes.includes(3) && image.depth > 1 ? { height: Math.max(image.height, image.width), width: image.depth, depth: 1 } : image;
  const isByChannel = shape !== image;
  const kernel = {
    ...pointKernel,
    height: axes.includes(1) && !(isByChannel && image.height === 1) ? shape.height : 1,
    width: axes.includes(2) || isByChannel ? shape.width : 1,
  };
  const summed: Volume = {
    height: kernel.height === 1 ? shape.height : 1,
    width: kernel.width === 1 ? shape.width : 1,
    depth: shape.depth,
  };
  const sums = program.maps.between(summed, 32, true);
  const plain = plainOperation(operator);
  program.emit(
    {
      ...plain,
      kind: 'depthwise',
      input: program.maps.of(program.input(operator, 0), shape),
      output: sums,
      kernel,
      weights: { volume: oneWeights(shape.depth, kernel.height, kernel.width), tensor: undefined },
      isScaled: false,
    },
    undefined,
  );
  program.emit(
    {
      ...plain,
      kind: 'elementwise',
      elementwise: 'multiply',
      input: sums,
      input2: program.maps.constant({ height: 1, width: 1, depth: 1 }, 32),
      output: program.maps.of(program.output(operator), summed),
    },
    program.output(operator),
  );
}

const tableBytes = 256;

/** A function of 256 values is looked up. */
function table(operator: GraphOperator, program: NpuProgramBuilder): void {
  const isTable = requiredInput(operator, 0).type !== 'int16';
  const bytes = isTable ? tableBytes : 0;
  if (program.fuseActivation(program.input(operator, 0), 'table', bytes, program.output(operator))) return;
  const input = program.maps.of(program.input(operator, 0));
  program.emit(
    {
      ...plainOperation(operator),
      kind: isTable ? 'elementwise' : 'pooling',
      elementwise: 'add',
      input,
      input2: isTable ? program.maps.constant({ height: 1, width: 1, depth: 1 }, 8) : undefined,
      output: program.maps.of(program.output(operator)),
      activation: 'table',
      tableBytes: bytes,
    },
    program.output(operator),
  );
}

function relu(operator: GraphOperator, program: NpuProgramBuilder): void {
  const input = program.input(operator, 0);
  const output = program.output(operator);
  if (hasSameScale(operator.inputs[0], operator.outputs[0]) && program.fuseActivation(input, 'relu', 0, output)) return;
  program.emit(
    { ...plainOperation(operator), kind: 'pooling', input: program.maps.of(input), output: program.maps.of(output), activation: 'relu' },
    output,
  );
}

/** Each input is copied to its place. */
function copyInputs(operator: GraphOperator, program: NpuProgramBuilder): void {
  const inputs = operator.kind === 'TRANSPOSE' || operator.kind === 'QUANTIZE' ? [0] : operator.source.inputs.map((_, i) => i);
  const output = program.maps.of(program.output(operator));
  for (const at of inputs) {
    const input = program.maps.of(program.input(operator, at));
    program.emit(
      { ...plainOperation(operator), kind: 'pooling', input, output: { ...output, shape: input.shape } },
      program.output(operator),
    );
  }
}

/** Where no other operator pads: a copy of the image, and one for each border. */
function padding(operator: GraphOperator, program: NpuProgramBuilder): void {
  const input = program.maps.of(program.input(operator, 0));
  const output = program.maps.of(program.output(operator));
  const copy = (shape: Volume, isBorder: boolean): void =>
    program.emit(
      {
        ...plainOperation(operator),
        kind: 'pooling',
        input: isBorder ? program.maps.constant(shape, input.bits) : input,
        output: { ...output, shape },
      },
      program.output(operator),
    );
  copy(input.shape, false);
  const [top = 0, bottom = 0, left = 0, right = 0] = imagePadding(requiredInput(operator, 1));
  for (const rows of [top, bottom]) if (rows > 0) copy({ ...output.shape, height: rows }, true);
  for (const columns of [left, right]) if (columns > 0) copy({ ...input.shape, width: columns }, true);
}

/** Doubled as often as needed. */
function resize(operator: GraphOperator, program: NpuProgramBuilder): void {
  const output = program.maps.of(program.output(operator));
  const target = volumeOf(requiredOutput(operator));
  let input = program.maps.of(program.input(operator, 0));
  const factor = Math.max(1, Math.round(target.height / input.shape.height));
  const doublings = Math.max(1, Math.round(Math.log2(factor)));
  for (let i = 0; i < doublings; i++) {
    const isLast = i === doublings - 1;
    const shape = isLast ? target : { ...input.shape, height: 2 * input.shape.height, width: 2 * input.shape.width };
    const doubled = isLast ? { ...output, shape } : program.maps.between(shape, input.bits, true);
    const size = isLast && operator.kind === 'RESIZE_BILINEAR' ? factor : 1;
    program.emit(
      {
        ...plainOperation(operator),
        kind: 'pooling',
        input,
        output: doubled,
        kernel: { ...pointKernel, height: size, width: size },
        isUpscaled: factor > 1,
      },
      isLast ? program.output(operator) : undefined,
    );
    input = doubled;
  }
}
