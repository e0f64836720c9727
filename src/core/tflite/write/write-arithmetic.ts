import type { Shape } from '../../network/network.ts';
import type { BatchMatmul, BatchNorm, Binary, BinaryFunction, Embedding, Operation, PRelu, Rescale } from '../../network/operations.ts';
import { requiredParameter } from '../../quantize/quantize-network.ts';
import type { BuiltinOperator } from '../schema/builtin-operators.ts';
import type { OperatorOptions } from '../schema/operator-options.ts';
import { inOutputScale } from './in-output-scale.ts';
import type { WriteContext } from './write-context.ts';

const binaryOperators: Readonly<Record<BinaryFunction, BuiltinOperator>> = {
  add: 'ADD',
  sub: 'SUB',
  mul: 'MUL',
  div: 'DIV',
  max: 'MAXIMUM',
  min: 'MINIMUM',
  pow: 'POW',
};

/** The operator of the same function, with inputs of one rank; integer `max` and `min` take inputs in the output's scale. */
export function writeBinary(context: WriteContext, operation: Binary): void {
  const { graph } = context;
  const inputs = inputsOfOneRank(context, operation);
  const { function: name } = operation;
  const converted = name === 'max' || name === 'min' ? inputs.map((tensor) => inOutputScale(context, operation, tensor)) : inputs;
  graph.operator(binaryOperators[name], converted, context.output(operation), binaryOptions(context, operation));
}

function binaryOptions({ encoding }: WriteContext, { function: name, activation, output }: Binary): OperatorOptions {
  switch (name) {
    case 'add':
    case 'sub':
      return { activation, powerOfTwoScaleInt16: encoding.activationType(output) !== 'int16' };
    case 'mul':
    case 'div':
      return { activation };
    case 'max':
    case 'min':
    case 'pow':
      return {};
  }
}

/** `BATCH_MATMUL`. */
export function writeBatchMatmul(context: WriteContext, operation: BatchMatmul): void {
  context.graph.operator('BATCH_MATMUL', inputsOfOneRank(context, operation), context.output(operation), {
    adjointX: operation.transposeA,
    adjointY: operation.transposeB,
  });
}

function inputsOfOneRank(context: WriteContext, operation: Operation): readonly number[] {
  const rank = Math.max(...operation.inputs.map((id) => context.shapeOf(id).length));
  return operation.inputs.map((id, i) => withRank(context, operation, i, context.shapeOf(id), rank));
}

/** The input with axes of length 1 after the batch: broadcasting aligns the last axes. */
function withRank(context: WriteContext, operation: Operation, index: number, shape: Shape, rank: number): number {
  const input = context.input(operation, index);
  if (shape.length === rank) return input;
  const { type, quantization, data } = context.graph.tensorAt(input);
  const ones = Array.from({ length: rank - shape.length }, () => 1);
  // A constant is written again in the other shape, which needs no operator.
  if (data !== undefined)
    return context.graph.tensor({
      name: `${operation.name}/constant`,
      shape: [context.batch, ...ones, ...shape],
      type,
      quantization,
      data,
    });
  const widened = context.inner(operation, 'broadcast', [...ones, ...shape], { type, quantization });
  context.reshape(operation, input, widened);
  return widened;
}

/** `PRELU`, alpha in the shape of the parameter. */
export function writePRelu(context: WriteContext, operation: PRelu): void {
  const { shape, data } = requiredParameter(context.network, operation.alpha);
  const alpha = context.encoding.constant(operation.alpha, shape, data);
  context.graph.operator('PRELU', [context.input(operation), alpha], context.output(operation));
}

/** `x * scale + offset` by channel. */
export function writeRescale(context: WriteContext, operation: Rescale): void {
  const scale = requiredParameter(context.network, operation.scale).data;
  const offset = requiredParameter(context.network, operation.offset).data;
  writeChannelScale(context, operation, scale, offset);
}

/** `gamma (x - mean) / sqrt(variance + epsilon) + beta` as `x * scale + offset` by channel. */
export function writeBatchNorm(context: WriteContext, operation: BatchNorm): void {
  const [gamma, beta, mean, variance] = [operation.gamma, operation.beta, operation.mean, operation.variance].map(
    (id) => requiredParameter(context.network, id).data,
  );
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return;
  const scale = gamma.map((value, i) => value / Math.sqrt((variance[i] ?? 0) + operation.epsilon));
  writeChannelScale(
    context,
    operation,
    scale,
    beta.map((value, i) => value - (mean[i] ?? 0) * (scale[i] ?? 0)),
  );
}

/** `x * scale + offset`: MUL and ADD in float; in integers a 1x1 depthwise convolution, which rounds only once. */
function writeChannelScale(context: WriteContext, operation: Operation, scale: Float32Array, offset: Float32Array): void {
  const { graph, encoding } = context;
  const input = context.input(operation);
  if (encoding.activationType(operation.output) === undefined) {
    const moves = offset.some((value) => value !== 0);
    const scales = !moves || scale.some((value) => value !== 1);
    const scaled = (): number => {
      const output = moves
        ? context.inner(operation, 'scaled', context.shapeOf(operation.output), encoding.value(operation.output))
        : context.output(operation);
      graph.operator('MUL', [input, encoding.constant(`${operation.name}/scale`, [scale.length], scale)], output, { activation: 'none' });
      return output;
    };
    const source = scales ? scaled() : input;
    if (!moves) return;
    const summand = encoding.constant(`${operation.name}/offset`, [offset.length], offset);
    graph.operator('ADD', [source, summand], context.output(operation), { activation: 'none' });
    return;
  }
  const shape = context.shapeOf(operation.output);
  const channels = shape.at(-1) ?? 1;
  const spread = (values: Float32Array): Float32Array =>
    values.length === channels ? values : new Float32Array(channels).fill(values[0] ?? 0);
  const { kernel, bias } = encoding.channelScale(operation, operation.inputs[0] ?? '', spread(scale), spread(offset));
  const options = {
    padding: 'valid',
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    activation: 'none',
    depthMultiplier: 1,
  };
  if (shape.length === 3) {
    graph.operator('DEPTHWISE_CONV_2D', [input, kernel, bias], context.output(operation), options);
    return;
  }
  const image = [shape.slice(0, -1).reduce((product, size) => product * size, 1), 1, channels];
  const before = context.inner(operation, 'image', image, encoding.value(operation.inputs[0] ?? ''));
  const after = context.inner(operation, 'scaled', image, encoding.value(operation.output));
  context.reshape(operation, input, before);
  graph.operator('DEPTHWISE_CONV_2D', [before, kernel, bias], after, options);
  context.reshape(operation, after, context.output(operation));
}

/** `GATHER` of the rows of the table. */
export function writeEmbedding(context: WriteContext, operation: Embedding): void {
  const { shape, data } = requiredParameter(context.network, operation.table);
  const table = context.encoding.constant(operation.table, shape, data, operation.output);
  context.graph.operator('GATHER', [table, context.input(operation)], context.output(operation), { axis: 0 });
}
