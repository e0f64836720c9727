import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import { layOutSparsePart, type SparseLayout } from '../network/sparse-inference/lay-out.ts';
import type { SparsePart } from '../network/sparse-inference/sparse-part.ts';
import type { QuantizedNetwork } from '../quantize/quantization.ts';
import { serializeTflite } from './serialize-tflite.ts';
import { isKernel, stripModel } from './strip-model.ts';
import type { SignatureTensor, TfliteModel } from './tflite-model.ts';
import type { Encoding } from './write/encoding.ts';
import { floatEncoding } from './write/float-encoding.ts';
import { float32, GraphBuilder, type TensorEncoding } from './write/graph-builder.ts';
import { integerEncoding } from './write/integer-encoding.ts';
import { minimumRuntimeVersion } from './write/runtime-version.ts';
import { WriteContext } from './write/write-context.ts';
import { writeOperation } from './write/write-operation.ts';
import { writeTurn } from './write/write-turn.ts';

/** Element type of a file's inputs or outputs. */
export type InterfaceType = 'int8' | 'uint8' | 'float32' | 'int16';

/** What to write: a network and how its numbers are stored; a part of it in the form of XNNPACK's sparse inference. */
export type TfliteSource =
  | { readonly kind: 'float'; readonly network: Network; readonly sparse?: SparsePart | undefined }
  /** Weights as float16, widened on loading, but those of the sparse part: XNNPACK's sparse kernels read float32. */
  | { readonly kind: 'float16'; readonly network: Network; readonly sparse?: SparsePart | undefined }
  /** Weights of 1,024 elements and more as int8, activations float. */
  | { readonly kind: 'dynamicRange'; readonly network: Network }
  /** Integers throughout, except for inputs and outputs of type float32. */
  | {
      readonly kind: 'integer';
      readonly quantized: QuantizedNetwork;
      readonly inputType: InterfaceType;
      readonly outputType: InterfaceType;
    };

/** How to write it. */
export interface WriteOptions {
  /** The static batch of every tensor; default 1. */
  readonly batchSize?: number;
  /** Leave out the texts that no runtime needs, but names of kernels, see `stripModel`, and equal vectors but one; default: false. */
  readonly strip?: boolean | undefined;
}

/**
 * The bytes of a .tflite file of a network that `prepareForDeployment` gave. Weights are named by their parameter ids,
 * computed tensors by their operations, so that files of one model can be compared. Inputs that only embeddings read
 * are int32.
 *
 * @throws EspalierError `unsupported-model` for an operation without an integer form, `invalid-argument` for an
 * interface type that does not fit the activations
 * @example `writeTflite({ kind: 'float', network: prepareForDeployment(network) })`
 */
export function writeTflite(source: TfliteSource, options: WriteOptions = {}): Uint8Array {
  const model = buildTflite(source, options.batchSize ?? 1);
  return serializeTflite(options.strip === true ? stripModel(model, isKernel) : model);
}

function buildTflite(source: TfliteSource, batch: number): TfliteModel {
  const graph = new GraphBuilder();
  const { network, turn } = layoutOf(source);
  const encoding = encodingOf(source, network, graph);
  const context = new WriteContext(network, graph, encoding, batch);
  const inputs = network.inputs.map((id) => writeInput(context, id, source));
  for (const operation of network.operations) {
    if (turn !== undefined && operation.inputs.includes(turn.to)) writeTurn(context, turn.from, turn.to);
    writeOperation(context, operation);
  }
  // A runtime fills outputs by running operators, so a tensor that is also an input, or an output twice, is copied.
  const taken = new Set(inputs);
  const outputs = network.outputs.map((id) => {
    const computed = context.tensorOf(id);
    const tensor = taken.has(computed) ? copyOf(context, computed) : computed;
    taken.add(computed);
    return writeOutput(context, id, tensor, source);
  });
  const subgraph = graph.build('main', inputs, outputs);
  const named = (tensor: number): SignatureTensor => ({ name: graph.tensorAt(tensor).name, tensor });
  return {
    description: 'Written by Espalier',
    subgraphs: [subgraph],
    signatures: [{ key: 'serving_default', subgraph: 0, inputs: inputs.map(named), outputs: outputs.map(named) }],
    metadata: [{ name: 'min_runtime_version', data: paddedText(minimumRuntimeVersion(subgraph.operators), 16) }],
  };
}

function layoutOf(source: TfliteSource): SparseLayout {
  if (source.kind === 'integer') return { network: source.quantized.network, turn: undefined };
  const part = 'sparse' in source ? source.sparse : undefined;
  return part === undefined ? { network: source.network, turn: undefined } : layOutSparsePart(source.network, part);
}

function encodingOf(source: TfliteSource, network: Network, graph: GraphBuilder): Encoding {
  switch (source.kind) {
    case 'float':
      return floatEncoding(graph, network, 'float32', source.sparse);
    case 'float16':
      return floatEncoding(graph, network, 'float16', source.sparse);
    case 'dynamicRange':
      return floatEncoding(graph, network, 'dynamicRange');
    case 'integer':
      return integerEncoding(graph, source.quantized);
  }
}

function writeInput(context: WriteContext, id: ValueId, source: TfliteSource): number {
  const { graph, encoding, network } = context;
  const shape = [context.batch, ...context.shapeOf(id)];
  if (isIndex(network, id)) {
    const tensor = graph.tensor({ name: id, shape, type: 'int32', quantization: undefined });
    context.bind(id, tensor);
    return tensor;
  }
  const inside = encoding.value(id);
  const outside = source.kind === 'integer' ? interfaceEncoding(inside, source.inputType, `input "${id}"`) : inside;
  const tensor = graph.tensor({ name: id, shape, ...outside });
  if (outside.type === inside.type) context.bind(id, tensor);
  else {
    const converted = graph.tensor({ name: `${id}/${inside.type}`, shape, ...inside });
    graph.operator('QUANTIZE', [tensor], converted);
    context.bind(id, converted);
  }
  return tensor;
}

function writeOutput({ graph }: WriteContext, id: ValueId, tensor: number, source: TfliteSource): number {
  if (source.kind !== 'integer') return tensor;
  const inside = graph.tensorAt(tensor);
  const outside = interfaceEncoding(inside, source.outputType, `output "${id}"`);
  if (outside.type === inside.type) return tensor;
  const converted = graph.tensor({ name: `${inside.name}/${outside.type}`, shape: inside.shape, ...outside });
  graph.operator(outside.type === 'float32' ? 'DEQUANTIZE' : 'QUANTIZE', [tensor], converted);
  return converted;
}

function copyOf({ graph }: WriteContext, tensor: number): number {
  const { name, shape, type, quantization } = graph.tensorAt(tensor);
  const copy = graph.tensor({ name: `${name}/copy`, shape, type, quantization });
  graph.operator('RESHAPE', [tensor, graph.integers(`${name}/copy/shape`, shape)], copy, { newShape: shape });
  return copy;
}

function interfaceEncoding(inside: TensorEncoding, type: InterfaceType, where: string): TensorEncoding {
  if (type === inside.type) return inside;
  if (type === 'float32') return float32;
  if (type === 'uint8' && inside.type === 'int8' && inside.quantization !== undefined) {
    return {
      type,
      quantization: { ...inside.quantization, zeroPoints: inside.quantization.zeroPoints.map((zeroPoint) => zeroPoint + 128) },
    };
  }
  throw new EspalierError('invalid-argument', `${type} does not go with ${inside.type} activations`, {
    where,
    fix: inside.type === 'int8' ? 'choose int8, uint8 or float32' : `choose ${inside.type} or float32`,
  });
}

/** Whether an input holds row numbers that embeddings read, directly or through a reshape. */
function isIndex(network: Network, id: ValueId): boolean {
  return network.operations.some(
    (operation) =>
      operation.inputs.includes(id) &&
      (operation.kind === 'embedding' || (operation.kind === 'reshape' && isIndex(network, operation.output))),
  );
}

function paddedText(text: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  new TextEncoder().encodeInto(text, bytes);
  return bytes;
}
