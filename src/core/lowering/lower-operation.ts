import type { Shape } from '../network/network.ts';
import type { Operation, OperationKind, OperationOf } from '../network/operations.ts';
import { lowerActivation, lowerPRelu, lowerUnary } from './activations.ts';
import { lowerBatchNorm } from './batch-norm.ts';
import { lowerConv2d, lowerTransposeConv2d } from './convolution.ts';
import { lowerBatchMatmul, lowerDense, lowerEmbedding } from './products.ts';
import { lowerDepthwiseConv2d } from './depthwise-convolution.ts';
import { lowerBinary, lowerDropout, lowerRescale } from './elementwise.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';
import { lowerGlobalPool, lowerPool2d, lowerReduce } from './pooling.ts';
import { lowerResize } from './resize.ts';
import {
  lowerConcat,
  lowerConstant,
  lowerCrop,
  lowerDepthToSpace,
  lowerPad,
  lowerPermute,
  lowerReshape,
  lowerSpaceToDepth,
} from './shape-operations.ts';

interface Lowering<O extends Operation> {
  /** As a method, so that rows of the table go by the name of one kind each. */
  lower(context: LoweringContext, operation: O, inputs: Inputs, shape: Shape): LoweredValue;
}

/** The values that an operation reads. */
class Inputs {
  readonly all: readonly LoweredValue[];
  readonly #operation: Operation;

  constructor(context: LoweringContext, operation: Operation) {
    this.#operation = operation;
    this.all = operation.inputs.map((id) => context.value(id));
  }

  get first(): LoweredValue {
    return this.#at(0);
  }

  get second(): LoweredValue {
    return this.#at(1);
  }

  #at(index: number): LoweredValue {
    const value = this.all[index];
    if (value === undefined) throw new Error(`operation "${this.#operation.name}" has no input ${index}`);
    return value;
  }
}

type OfOne<O extends Operation> = (context: LoweringContext, operation: O, x: LoweredValue, shape: Shape) => LoweredValue;
type OfTwo<O extends Operation> = (context: LoweringContext, operation: O, a: LoweredValue, b: LoweredValue, shape: Shape) => LoweredValue;

const ofOne = <O extends Operation>(lower: OfOne<O>): Lowering<O> => ({
  lower: (context, operation, inputs, shape) => lower(context, operation, inputs.first, shape),
});
const ofTwo = <O extends Operation>(lower: OfTwo<O>): Lowering<O> => ({
  lower: (context, operation, inputs, shape) => lower(context, operation, inputs.first, inputs.second, shape),
});

const lowerings: { readonly [K in OperationKind]: Lowering<OperationOf<K>> } = {
  conv2d: ofOne(lowerConv2d),
  depthwiseConv2d: ofOne(lowerDepthwiseConv2d),
  transposeConv2d: ofOne(lowerTransposeConv2d),
  dense: ofOne(lowerDense),
  batchNorm: ofOne(lowerBatchNorm),
  activation: ofOne(lowerActivation),
  unary: ofOne(lowerUnary),
  prelu: ofOne(lowerPRelu),
  binary: ofTwo(lowerBinary),
  batchMatmul: ofTwo(lowerBatchMatmul),
  rescale: ofOne(lowerRescale),
  constant: { lower: (context, operation, _inputs, shape) => lowerConstant(context, operation, shape) },
  concat: { lower: (context, operation, { all }, shape) => lowerConcat(context, operation, all, shape) },
  pad: ofOne(lowerPad),
  crop: ofOne(lowerCrop),
  pool2d: ofOne(lowerPool2d),
  globalPool: ofOne(lowerGlobalPool),
  reduce: ofOne(lowerReduce),
  reshape: ofOne((context, _operation, x, shape) => lowerReshape(context, x, shape)),
  permute: ofOne(lowerPermute),
  dropout: ofOne(lowerDropout),
  requantize: ofOne((_context, _operation, x) => x),
  resize: ofOne(lowerResize),
  depthToSpace: ofOne(lowerDepthToSpace),
  spaceToDepth: ofOne(lowerSpaceToDepth),
  embedding: ofOne(lowerEmbedding),
};

/** Appends one operation to the program; `shape` is that of its output for one example. */
export function lowerOperation(context: LoweringContext, operation: Operation, shape: Shape): LoweredValue {
  const table: Readonly<Record<OperationKind, Lowering<Operation>>> = lowerings;
  return table[operation.kind].lower(context, operation, new Inputs(context, operation), shape);
}
