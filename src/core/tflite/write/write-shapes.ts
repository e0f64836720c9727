import type { Concat, Crop, GlobalPool, Pad, Permute, Pool2d, Upsample } from '../../network/operations.ts';
import type { WriteContext } from './write-context.ts';

/** Integer concatenation copies codes, so an input with other parameters than the output is converted first. */
export function writeConcat(context: WriteContext, operation: Concat): void {
  const { graph, encoding } = context;
  const target = encoding.value(operation.output);
  const inputs = operation.inputs.map((id) => {
    const tensor = context.tensorOf(id);
    const { quantization } = graph.tensorAt(tensor);
    if (quantization?.scales[0] === target.quantization?.scales[0] && quantization?.zeroPoints[0] === target.quantization?.zeroPoints[0])
      return tensor;
    const converted = context.inner(operation, 'converted', context.shapeOf(id), target);
    graph.operator('QUANTIZE', [tensor], converted);
    return converted;
  });
  graph.operator('CONCATENATION', inputs, context.output(operation), { axis: operation.axis + 1, activation: 'none' });
}

export function writePad(context: WriteContext, operation: Pad): void {
  const paddings = context.graph.integers(
    `${operation.name}/paddings`,
    [0, 0, ...operation.paddings.flat()],
    [operation.paddings.length + 1, 2],
  );
  context.graph.operator('PAD', [context.input(operation), paddings], context.output(operation));
}

export function writeCrop(context: WriteContext, operation: Crop): void {
  const begin = context.graph.integers(`${operation.name}/begin`, [0, ...operation.begin]);
  const size = context.graph.integers(`${operation.name}/size`, [context.batch, ...operation.size]);
  context.graph.operator('SLICE', [context.input(operation), begin, size], context.output(operation));
}

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

export function writeGlobalPool(context: WriteContext, operation: GlobalPool): void {
  const axes = context.graph.integers(`${operation.name}/axes`, [1, 2]);
  context.graph.operator(
    operation.function === 'max' ? 'REDUCE_MAX' : 'MEAN',
    [context.input(operation), axes],
    context.output(operation),
    { keepDimensions: operation.keepDimensions },
  );
}

export function writePermute(context: WriteContext, operation: Permute): void {
  const order = context.graph.integers(`${operation.name}/order`, [0, ...operation.order.map((axis) => axis + 1)]);
  context.graph.operator('TRANSPOSE', [context.input(operation), order], context.output(operation));
}

export function writeUpsample(context: WriteContext, operation: Upsample): void {
  const size = context.graph.integers(`${operation.name}/size`, context.shapeOf(operation.output).slice(0, 2));
  const bilinear = operation.interpolation === 'bilinear';
  context.graph.operator(
    bilinear ? 'RESIZE_BILINEAR' : 'RESIZE_NEAREST_NEIGHBOR',
    [context.input(operation), size],
    context.output(operation),
    { halfPixelCenters: bilinear },
  );
}
