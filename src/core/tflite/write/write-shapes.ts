import type {
  Concat,
  Constant,
  Crop,
  DepthToSpace,
  GlobalPool,
  Pad,
  Permute,
  Pool2d,
  Reduce,
  Resize,
  SpaceToDepth,
} from '../../network/operations.ts';
import { requiredParameter } from '../../quantize/quantize-network.ts';
import type { BuiltinOperator } from '../schema/builtin-operators.ts';
import { inOutputScale } from './in-output-scale.ts';
import type { WriteContext } from './write-context.ts';

/** `CONCATENATION` of inputs in the output's scale: the integer kernel copies codes. */
export function writeConcat(context: WriteContext, operation: Concat): void {
  const inputs = operation.inputs.map((id) => inOutputScale(context, operation, context.tensorOf(id)));
  context.graph.operator('CONCATENATION', inputs, context.output(operation), { axis: operation.axis + 1, activation: 'none' });
}

/** `PAD` for zeros, else `PADV2`. */
export function writePad(context: WriteContext, operation: Pad): void {
  const paddings = context.graph.integers(
    `${operation.name}/paddings`,
    [0, 0, ...operation.paddings.flat()],
    [operation.paddings.length + 1, 2],
  );
  const { value } = operation;
  if (value === 0) {
    context.graph.operator('PAD', [context.input(operation), paddings], context.output(operation));
    return;
  }
  const filling = context.encoding.constant(`${operation.name}/value`, [1], Float32Array.of(value), operation.output);
  context.graph.operator('PADV2', [context.input(operation), paddings, filling], context.output(operation));
}

/** `SLICE`, or `STRIDED_SLICE` where a stride is not 1. */
export function writeCrop(context: WriteContext, operation: Crop): void {
  const { graph, batch } = context;
  const { name, begin: from, size: lengths, strides } = operation;
  const input = context.input(operation);
  const begin = graph.integers(`${name}/begin`, [0, ...from]);
  if (strides.every((stride) => stride === 1)) {
    graph.operator('SLICE', [input, begin, graph.integers(`${name}/size`, [batch, ...lengths])], context.output(operation));
    return;
  }
  const end = from.map((first, axis) => first + ((lengths[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
  const ends = graph.integers(`${name}/end`, [batch, ...end]);
  const steps = graph.integers(`${name}/strides`, [1, ...strides]);
  graph.operator('STRIDED_SLICE', [input, begin, ends, steps], context.output(operation));
}

/** `MAX_POOL_2D` or `AVERAGE_POOL_2D`. */
export function writePool(context: WriteContext, operation: Pool2d): void {
  context.graph.operator(
    operation.function === 'max' ? 'MAX_POOL_2D' : 'AVERAGE_POOL_2D',
    [context.input(operation)],
    context.output(operation),
    {
      padding: operation.padding,
      strideHeight: operation.strides[0],
      strideWidth: operation.strides[1],
      filterHeight: operation.size[0],
      filterWidth: operation.size[1],
      activation: 'none',
    },
  );
}

/** `REDUCE_MAX` or `MEAN` over height and width. */
export function writeGlobalPool(context: WriteContext, operation: GlobalPool): void {
  const axes = context.graph.integers(`${operation.name}/axes`, [1, 2]);
  context.graph.operator(
    operation.function === 'max' ? 'REDUCE_MAX' : 'MEAN',
    [context.input(operation), axes],
    context.output(operation),
    { keepDimensions: operation.keepDimensions },
  );
}

/** `TRANSPOSE`; the batch stays first. */
export function writePermute(context: WriteContext, operation: Permute): void {
  const order = context.graph.integers(`${operation.name}/order`, [0, ...operation.order.map((axis) => axis + 1)]);
  context.graph.operator('TRANSPOSE', [context.input(operation), order], context.output(operation));
}

const reduceOperators: Readonly<Record<Reduce['function'], BuiltinOperator>> = {
  mean: 'MEAN',
  sum: 'SUM',
  max: 'REDUCE_MAX',
  min: 'REDUCE_MIN',
};

/** `MEAN`, `SUM`, `REDUCE_MAX` or `REDUCE_MIN` over axes, which count from the first one after the batch. */
export function writeReduce(context: WriteContext, operation: Reduce): void {
  const axes = context.graph.integers(
    `${operation.name}/axes`,
    operation.axes.map((axis) => axis + 1),
  );
  context.graph.operator(reduceOperators[operation.function], [context.input(operation), axes], context.output(operation), {
    keepDimensions: operation.keepDimensions,
  });
}

/** `RESIZE_BILINEAR` or `RESIZE_NEAREST_NEIGHBOR`. */
export function writeResize(context: WriteContext, operation: Resize): void {
  const size = context.graph.integers(`${operation.name}/size`, operation.size);
  const operator = operation.interpolation === 'bilinear' ? 'RESIZE_BILINEAR' : 'RESIZE_NEAREST_NEIGHBOR';
  context.graph.operator(operator, [context.input(operation), size], context.output(operation), {
    alignCorners: operation.coordinates === 'alignCorners',
    halfPixelCenters: operation.coordinates === 'halfPixel',
  });
}

/** `DEPTH_TO_SPACE` or `SPACE_TO_DEPTH`. */
export function writeBlocks(context: WriteContext, operation: DepthToSpace | SpaceToDepth): void {
  const operator = operation.kind === 'depthToSpace' ? 'DEPTH_TO_SPACE' : 'SPACE_TO_DEPTH';
  context.graph.operator(operator, [context.input(operation)], context.output(operation), { blockSize: operation.blockSize });
}

/** A constant tensor that holds the value once for each example of the batch. */
export function writeConstant(context: WriteContext, operation: Constant): void {
  const { shape, data } = requiredParameter(context.network, operation.parameter);
  const repeated = new Float32Array(data.length * context.batch);
  for (let example = 0; example < context.batch; example++) repeated.set(data, example * data.length);
  const tensor = context.encoding.constant(operation.parameter, [context.batch, ...shape], repeated, operation.output);
  context.bind(operation.output, tensor);
}
