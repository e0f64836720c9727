/** Matrix products: with a constant they are dense layers. */
import type { Parameter, ValueId } from '../../../network/network.ts';
import { elementCount } from '../../../network/shapes/shape.ts';
import { transposed, type HostTensor } from '../host-tensor.ts';
import { parameterOf, type NodeContext, type NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue, ConstantValue } from '../value.ts';

/** `alpha * A B + beta * C` of matrices. */
function gemm(context: NodeContext): ComputedValue {
  const { builder, layer, layout, node } = context;
  const { attributes } = node;
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  const value = context.input(0);
  if (attributes.integer('transA', 0) !== 0) refuse('with transA is not supported', 'transpose the value before');
  const weights = context.required(1, 'weights');
  const kernel = parameterOf(weights, `gemm ${attributes.integer('transB', 0)} ${alpha}`, (tensor) => {
    const rows = attributes.integer('transB', 0) === 0 ? transposed(tensor, [1, 0]) : tensor;
    return alpha === 1 ? rows : { ...rows, data: Float32Array.from(rows.data, (weight) => weight * alpha) };
  });
  // Attention flattens steps and a batch of one together: rows without a batch stay so.
  const matrix = value.batch === undefined && value.shape[0] !== 1 && layout.batchSize === 1 ? value : layout.batchFirst(value, layer);
  const input = layout.inOnnxOrder(matrix, layer);
  const bias = context.constant(2, 'a bias');
  const outputs = kernel.shape[0] ?? 0;
  const own = bias !== undefined && (bias.data.length === outputs || bias.data.length === 1);
  if (bias !== undefined && !own) refuse(`with a bias [${bias.shape.join(', ')}] for ${outputs} outputs is not supported`);
  const id = builder.dense(layer, input, {
    kernel,
    bias:
      bias === undefined
        ? undefined
        : parameterOf(bias, `bias ${outputs} ${beta}`, ({ data }) => ({
            type: 'float32',
            shape: [outputs],
            data: Float32Array.from({ length: outputs }, (_, i) => (data[data.length === 1 ? 0 : i] ?? 0) * beta),
          })),
  });
  const [height = layout.batchSize] = matrix.shape;
  const { batch } = matrix;
  return { kind: 'computed', id, shape: [height, outputs], axes: batch === undefined ? [0, 1] : [1], batch, element: 'float' };
}

function matMul(context: NodeContext): ComputedValue {
  const [a, b] = [context.operand(0), context.operand(1)];
  if (a.kind === 'computed' && b.kind === 'constant') return timesConstant(context, a, b);
  if (a.kind === 'constant' && b.kind === 'computed') return constantTimes(context, a, b);
  if (a.kind === 'computed' && b.kind === 'computed') return ofValues(context, a, b);
  return refuse('of two constants is not supported');
}

/** `x W` over the last axis. */
function timesConstant(context: NodeContext, value: ComputedValue, constant: ConstantValue): ComputedValue {
  const { layer, layout } = context;
  const { tensor } = constant;
  const last = value.shape.length - 1;
  if (value.batch === last) refuse('along the batch is not supported');
  if (tensor.shape.length === 1) {
    const product = denseOver(
      context,
      value,
      last,
      parameterOf(tensor, 'row', ({ type, shape, data }) => ({ type, shape: [1, ...shape], data })),
    );
    return layout.reshapeAround(product, product.shape.slice(0, -1), product.batch, layer);
  }
  if (elementCount(tensor.shape.slice(0, -2)) !== 1) {
    const other = constantValue(context, tensor);
    return ofValues(context, value, other);
  }
  const kernel = parameterOf(tensor, 'columns', (matrix) => transposed({ ...matrix, shape: matrix.shape.slice(-2) }, [1, 0]));
  return denseOver(context, value, last, kernel);
}

/** `W x`: a dense layer over the axis before the last. */
function constantTimes(context: NodeContext, constant: ConstantValue, value: ComputedValue): ComputedValue {
  const { tensor } = constant;
  const axis = value.shape.length - 2;
  if (axis < 0 || tensor.shape.length < 2 || elementCount(tensor.shape.slice(0, -2)) !== 1)
    return ofValues(context, constantValue(context, tensor), value);
  if (value.batch === axis) refuse('along the batch is not supported');
  const kernel = parameterOf(tensor, 'rows', (matrix) => ({ ...matrix, shape: matrix.shape.slice(-2) }));
  return denseOver(context, value, axis, kernel);
}

/** Kernel `[out, in]` over one ONNX axis, whose length becomes `out`. */
function denseOver(context: NodeContext, value: ComputedValue, axis: number, kernel: Parameter): ComputedValue {
  const { builder, layer, layout } = context;
  if (kernel.shape[1] !== value.shape[axis])
    refuse(`of [${value.shape.join(', ')}] with weights of ${kernel.shape[1] ?? 0} rows is not possible`);
  const ordered = layout.reordered(value, [...value.axes.filter((other) => other !== axis), axis], layer);
  const id = builder.dense(layer, ordered.id, { kernel });
  return { ...ordered, id, shape: value.shape.with(axis, kernel.shape[0] ?? 0), element: 'float' };
}

/** A constant as a value that the network computes. */
function constantValue(context: NodeContext, tensor: HostTensor): ComputedValue {
  const { builder, layer, layout } = context;
  const batch = layout.batchSize === 1 && tensor.shape[0] === 1 ? 0 : undefined;
  const axes = tensor.shape.map((_, axis) => axis).filter((axis) => axis !== batch);
  const id = builder.constant(
    layer,
    parameterOf(tensor, `value ${batch ?? ''}`, (whole) => ({ ...whole, shape: axes.map((axis) => whole.shape[axis] ?? 1) })),
  );
  return { kind: 'computed', id, shape: tensor.shape, axes, batch, element: 'float' };
}

/** `[..., m, k] x [..., k, n]`, the axes in front broadcast. */
function ofValues(context: NodeContext, a: ComputedValue, b: ComputedValue): ComputedValue {
  const { builder, layer, layout } = context;
  const rank = Math.max(a.shape.length, b.shape.length, 2);
  if (a.shape.length < 2 || b.shape.length < 2)
    refuse('of a vector that the network computes is not supported', 'give it a second axis of length 1');
  const aligned = [a, b].map((value) => {
    const lead = rank - value.shape.length;
    const shape = [...new Array<number>(lead).fill(1), ...value.shape];
    return layout.reshapeAround(value, shape, value.batch === undefined ? undefined : value.batch + lead, layer);
  });
  const [left = a, right = b] = aligned;
  const batch = left.batch ?? right.batch;
  if ([left, right].some((value) => value.batch !== undefined && value.batch >= rank - 2)) return withoutBatch(context, left, right);
  const ids = [left, right].map((value): ValueId => {
    const own = value.batch === batch ? value : layout.reshapeAround(value, value.shape, batch, layer);
    return layout.inOnnxOrder(own, layer);
  });
  const id = builder.batchMatmul(layer, ids[0] ?? '', ids[1] ?? '');
  const axes = left.shape.map((_, axis) => axis).filter((axis) => axis !== batch);
  const stored = builder.shapeOf(id);
  const shape = left.shape.map((length, axis) => (axis === batch ? length : (stored[axes.indexOf(axis)] ?? 1)));
  return { kind: 'computed', id, shape, axes, batch, element: 'float' };
}

/** Of one example whose batch is an axis of the matrices. */
function withoutBatch(context: NodeContext, a: ComputedValue, b: ComputedValue): ComputedValue {
  const { layout, layer } = context;
  if (layout.batchSize !== 1) refuse('along the batch is not supported', 'export the model with a batch of 1');
  const free = (value: ComputedValue): ComputedValue => layout.reshapeAround(value, value.shape, undefined, layer);
  return ofValues(context, free(a), free(b));
}

export const productOperators: Readonly<Record<string, NodeConverter>> = {
  Gemm: gemm,
  MatMul: matMul,
};
