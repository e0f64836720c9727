import type { Operation, OperationKind, OperationOf } from '../../network/operations.ts';
import { lacksIntegerKernel } from '../../quantize/integer-kernels.ts';
import { floatEncoding } from './float-encoding.ts';
import { float32 } from './graph-builder.ts';
import { writeActivation, writeUnary } from './write-activation.ts';
import { writeBatchMatmul, writeBatchNorm, writeBinary, writeEmbedding, writePRelu, writeRescale } from './write-arithmetic.ts';
import { WriteContext } from './write-context.ts';
import { writeConvolution, writeDense, writeTransposeConvolution } from './write-kernels.ts';
import {
  writeBlocks,
  writeConcat,
  writeConstant,
  writeCrop,
  writeGlobalPool,
  writePad,
  writePermute,
  writePool,
  writeReduce,
  writeResize,
} from './write-shapes.ts';

interface Writer<O extends Operation> {
  /** As a method, so that rows of the table go by the name of one kind each. */
  write(context: WriteContext, operation: O): void;
}

const writers: { readonly [K in OperationKind]: Writer<OperationOf<K>> } = {
  conv2d: { write: writeConvolution },
  depthwiseConv2d: { write: writeConvolution },
  transposeConv2d: { write: writeTransposeConvolution },
  dense: { write: writeDense },
  batchNorm: { write: writeBatchNorm },
  activation: { write: writeActivation },
  unary: { write: writeUnary },
  prelu: { write: writePRelu },
  binary: { write: writeBinary },
  batchMatmul: { write: writeBatchMatmul },
  rescale: { write: writeRescale },
  constant: { write: writeConstant },
  concat: { write: writeConcat },
  pad: { write: writePad },
  crop: { write: writeCrop },
  pool2d: { write: writePool },
  globalPool: { write: writeGlobalPool },
  reduce: { write: writeReduce },
  reshape: { write: (context, operation) => context.reshape(operation, context.input(operation), context.output(operation)) },
  permute: { write: writePermute },
  dropout: { write: (context, operation) => context.bind(operation.output, context.input(operation)) },
  requantize: { write: (context, operation) => context.graph.operator('QUANTIZE', [context.input(operation)], context.output(operation)) },
  resize: { write: writeResize },
  depthToSpace: { write: writeBlocks },
  spaceToDepth: { write: writeBlocks },
  embedding: { write: writeEmbedding },
};

/** Writes one operation; those without an integer kernel are written in float between two conversions. */
export function writeOperation(context: WriteContext, operation: Operation): void {
  const activationType = context.encoding.activationType(operation.output);
  if (activationType !== undefined && lacksIntegerKernel(operation, activationType, context.network))
    return writeInFloat(context, operation);
  const table: Readonly<Record<OperationKind, Writer<Operation>>> = writers;
  table[operation.kind].write(context, operation);
}

/** Between DEQUANTIZE and QUANTIZE. */
function writeInFloat(context: WriteContext, operation: Operation): void {
  const { graph, network, batch } = context;
  const floats = new WriteContext(network, graph, floatEncoding(graph, network, 'float32'), batch);
  operation.inputs.forEach((id, i) => {
    const widened = context.inner(operation, 'dequantized', context.shapeOf(id), float32);
    graph.operator('DEQUANTIZE', [context.input(operation, i)], widened);
    floats.bind(id, widened);
  });
  writeOperation(floats, { ...operation, name: `${operation.name}/float` });
  graph.operator('QUANTIZE', [floats.tensorOf(operation.output)], context.output(operation));
}
