import type { KernelPacking, PackGoal } from '../../../shared/packing.ts';
import { decodeOperator } from '../micro-operators.ts';
import type { Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from '../tflite-model.ts';
import { withoutBiasScales } from './bias-scales.ts';
import { chooseEncodings } from './choose-encodings.ts';
import { packableTensor } from './packable-tensor.ts';
import type { EncodedTensor } from './scheme.ts';

/** A packed model and what became of each kernel. */
export interface PackedModel {
  readonly model: TfliteModel;
  readonly kernels: readonly KernelPacking[];
}

/** Where operators that have a kernel take it. */
const kernelInput = 1;
const kernelOperators = ['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED', 'TRANSPOSE_CONV'];

/**
 * The model with its kernels encoded, each decoded by a custom operator before the first that reads it. Tensors keep
 * their indices; those that are new come last and have no names.
 */
export function packModel(model: TfliteModel, goal: PackGoal): PackedModel {
  const packed = withoutBiasScales(model).subgraphs.map((graph) => packSubgraph(graph, goal));
  return {
    model: { ...model, subgraphs: packed.map(({ graph }) => graph) },
    kernels: packed.flatMap(({ kernels }) => kernels),
  };
}

function packSubgraph(graph: Subgraph, goal: PackGoal): { readonly graph: Subgraph; readonly kernels: readonly KernelPacking[] } {
  const candidates = kernelsOf(graph);
  const encodings = chooseEncodings(
    candidates.map(({ packable }) => packable),
    goal,
  );
  const tensors = [...graph.tensors];
  const decoders = new Map<number, TfliteOperator>();
  const added = new Map<Uint8Array, number>();
  const addTensor = (data: Uint8Array): number => {
    const index = added.get(data) ?? tensors.push(constantBytes(data)) - 1;
    added.set(data, index);
    return index;
  };
  const kernels = candidates.map(({ index, tensor, packable }, i): KernelPacking => {
    const encoding = encodings[i];
    const { name, shape } = tensor;
    const kernel = { tensor: name, shape, elements: packable.values.length, plainBytes: packable.values.byteLength };
    if (encoding === undefined) return { ...kernel, scheme: undefined, details: '', encodedBytes: kernel.plainBytes, tableBytes: 0 };
    const isFirst = !added.has(encoding.ancillary);
    tensors[index] = { ...tensor, data: undefined };
    decoders.set(index, decoder(encoding, index, addTensor));
    return {
      ...kernel,
      scheme: encoding.scheme,
      details: encoding.details,
      encodedBytes: encoding.encoded.length,
      tableBytes: isFirst ? encoding.ancillary.length : 0,
    };
  });
  const operators = graph.operators.flatMap((operator) => {
    const before = operator.inputs.flatMap((input) => {
      const found = decoders.get(input);
      decoders.delete(input);
      return found === undefined ? [] : [found];
    });
    return [...before, operator];
  });
  return { graph: { ...graph, tensors, operators }, kernels };
}

function kernelsOf({ tensors, operators, inputs, outputs }: Subgraph) {
  const open = new Set([...inputs, ...outputs]);
  const indices = operators.flatMap((operator) =>
    !operator.isCustom && kernelOperators.includes(operator.name) ? [operator.inputs[kernelInput] ?? -1] : [],
  );
  return [...new Set(indices)].flatMap((index) => {
    const tensor = tensors[index];
    const packable = tensor === undefined || open.has(index) ? undefined : packableTensor(tensor);
    return tensor === undefined || packable === undefined ? [] : [{ index, tensor, packable }];
  });
}

function decoder({ encoded, ancillary }: EncodedTensor, output: number, addTensor: (data: Uint8Array) => number): TfliteOperator {
  return {
    name: decodeOperator,
    isCustom: true,
    version: 1,
    inputs: [addTensor(encoded), addTensor(ancillary)],
    outputs: [output],
    options: {},
    customOptions: undefined,
  };
}

function constantBytes(data: Uint8Array): TfliteTensor {
  return {
    name: '',
    shape: [data.length],
    shapeSignature: undefined,
    type: 'uint8',
    quantization: undefined,
    sparsity: undefined,
    isVariable: false,
    data,
  };
}
