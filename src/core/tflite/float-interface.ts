import type { Signature, Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from './tflite-model.ts';
import { operatorVersion } from './write/operator-version.ts';

/**
 * The model with float32 inputs and outputs: it quantizes and dequantizes them itself, and computes the same integers
 * between. For runtimes whose interface has no int8 tensors, as LiteRT's in browsers. Inputs and outputs keep their names.
 */
export function withFloatInterface(model: TfliteModel): TfliteModel {
  const [graph, ...others] = model.subgraphs;
  if (graph === undefined) return model;
  const tensors = [...graph.tensors];
  const before: TfliteOperator[] = [];
  const after: TfliteOperator[] = [];
  const outside = new Map<number, number>();
  const addFloat = (index: number, convert: (inside: TfliteTensor, added: number) => void): number => {
    const inside = tensors[index];
    if (inside === undefined || !isQuantized(inside)) return index;
    const added = tensors.push({ ...inside, type: 'float32', quantization: undefined }) - 1;
    tensors[index] = { ...inside, name: `${inside.name}/${inside.type}` };
    outside.set(index, added);
    convert(inside, added);
    return added;
  };
  const inputs = graph.inputs.map((index) =>
    addFloat(index, (inside, added) => before.push(conversion('QUANTIZE', [added, tensors[added]], [index, inside]))),
  );
  const outputs = graph.outputs.map((index) =>
    addFloat(index, (inside, added) => after.push(conversion('DEQUANTIZE', [index, inside], [added, tensors[added]]))),
  );
  const changed: Subgraph = { ...graph, tensors, inputs, outputs, operators: [...before, ...graph.operators, ...after] };
  return { ...model, subgraphs: [changed, ...others], signatures: model.signatures.map((signature) => moved(signature, outside)) };
}

function isQuantized({ type, quantization }: TfliteTensor): boolean {
  return quantization !== undefined && (type === 'int8' || type === 'uint8' || type === 'int16');
}

type IndexedTensor = readonly [index: number, tensor: TfliteTensor | undefined];

function conversion(name: 'QUANTIZE' | 'DEQUANTIZE', [from, input]: IndexedTensor, [to, output]: IndexedTensor): TfliteOperator {
  if (input === undefined || output === undefined) throw new RangeError(`tensor ${from} or ${to} does not exist`);
  const version = operatorVersion(name, [input], output, {});
  return { name, isCustom: false, version, inputs: [from], outputs: [to], options: {}, customOptions: undefined };
}

function moved(signature: Signature, outside: ReadonlyMap<number, number>): Signature {
  if (signature.subgraph !== 0) return signature;
  const move = (tensors: Signature['inputs']): Signature['inputs'] =>
    tensors.map(({ name, tensor }) => ({ name, tensor: outside.get(tensor) ?? tensor }));
  return { ...signature, inputs: move(signature.inputs), outputs: move(signature.outputs) };
}
