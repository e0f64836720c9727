/** Float .tflite files: constants are weights, batch norms are folded already. float16 and sparse constants are widened. */
import { EspalierError } from '../../errors.ts';
import type { Network, Parameter, Shape, ValueId } from '../../network/network.ts';
import { NetworkBuilder } from '../../network/network-builder.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { uprightModel } from '../../tflite/upright-model.ts';
import { realValues } from '../../tflite/tensor-values.ts';
import type { Subgraph, TfliteOperator, TfliteTensor } from '../../tflite/tflite-model.ts';
import { elementwiseOperators } from './elementwise-operators.ts';
import { kernelOperators } from './kernel-operators.ts';
import type { OperatorConverter, OperatorConverters } from './operator-context.ts';
import { shapeOperators } from './shape-operators.ts';

const converters: OperatorConverters = { ...kernelOperators, ...shapeOperators, ...elementwiseOperators };
/** Operators that only change how a constant is stored. */
const decoders = new Set(['DEQUANTIZE', 'DENSIFY']);

export function importTflite(bytes: Uint8Array, where: string): { readonly network: Network } {
  const { subgraphs } = uprightModel(readTflite(bytes));
  const [graph] = subgraphs;
  if (graph === undefined || subgraphs.length > 1)
    throw new EspalierError('unsupported-model', `has ${subgraphs.length} subgraphs, expected one`, {
      where,
      fix: 'export the model without control flow',
    });
  refuseQuantized(graph, where);
  refuseUnknown(graph);
  return { network: new GraphImport(graph, where).run() };
}

function refuseQuantized(graph: Subgraph, where: string): void {
  const float = (tensor: TfliteTensor | undefined): boolean => tensor?.type === 'float32';
  for (const operator of graph.operators) {
    const weights = graph.tensors[operator.inputs[1] ?? -1];
    const hybrid =
      (operator.name === 'CONV_2D' || operator.name === 'DEPTHWISE_CONV_2D' || operator.name === 'FULLY_CONNECTED') &&
      weights !== undefined &&
      !float(weights);
    const integer =
      graph.tensors[operator.outputs[0] ?? -1]?.quantization !== undefined && !float(graph.tensors[operator.outputs[0] ?? -1]);
    if (hybrid || integer) {
      throw new EspalierError('unsupported-model', 'is quantized already; its float weights are gone', {
        where,
        fix: 'give the float model that it was made from (inspect, certify, evaluate, profile and pack take quantized files as they are)',
      });
    }
  }
}

function converterOf(operator: TfliteOperator): OperatorConverter | undefined {
  return !operator.isCustom && Object.hasOwn(converters, operator.name) ? converters[operator.name] : undefined;
}

/** Refuses all unknown operators at once: their number, the first of each and the shapes that it reads. */
function refuseUnknown({ operators, tensors }: Subgraph): void {
  const unknown = new Map<string, TfliteOperator[]>();
  for (const operator of operators) {
    if (decoders.has(operator.name) || converterOf(operator) !== undefined) continue;
    unknown.set(operator.name, [...(unknown.get(operator.name) ?? []), operator]);
  }
  if (unknown.size === 0) return;
  const kinds = [...unknown].map(([name, [first, ...more]]) => {
    const shapes = (first?.inputs ?? []).flatMap((index) => tensors[index] ?? []).map(({ shape }) => `[${shape.join(', ')}]`);
    const output = tensors[first?.outputs[0] ?? -1];
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `${first?.isCustom === true ? 'custom operator ' : ''}${name} (layer "${cleanName(output?.name ?? '')}", reads ${shapes.join(' and ')}${others})`;
  });
  throw new EspalierError('unsupported-model', `${kinds.length === 1 ? 'operator' : 'operators'} not supported: ${kinds.join('; ')}`, {
    fix: 'replace these layers, or import the Keras or ONNX model that the .tflite was converted from',
  });
}

class GraphImport {
  readonly #graph: Subgraph;
  readonly #where: string;
  readonly #builder: NetworkBuilder;
  readonly #values = new Map<number, ValueId>();
  /** Outputs of decoders stand for the constants they decode. */
  readonly #constants = new Map<number, TfliteTensor>();
  readonly #parameters = new Map<TfliteTensor, Parameter>();
  readonly #layers = new Set<string>();

  constructor(graph: Subgraph, where: string) {
    this.#graph = graph;
    this.#where = where;
    this.#builder = new NetworkBuilder(graph.name === '' ? 'model' : graph.name);
  }

  run(): Network {
    for (const [index, tensor] of this.#graph.tensors.entries()) if (tensor.data !== undefined) this.#constants.set(index, tensor);
    for (const input of this.#graph.inputs) {
      const tensor = this.#tensor(input);
      this.#values.set(input, this.#builder.input(this.#withoutBatch(tensor), cleanName(tensor.name)));
    }
    for (const operator of this.#graph.operators) {
      const [output] = operator.outputs;
      const [first] = operator.inputs;
      if (output === undefined) continue;
      const constant = first === undefined ? undefined : this.#constants.get(first);
      if (decoders.has(operator.name) && constant !== undefined) {
        this.#constants.set(output, constant);
        continue;
      }
      const converter = converterOf(operator);
      // All of them are refused beforehand.
      if (converter === undefined) continue;
      const layer = this.#layerName(cleanName(this.#tensor(output).name));
      const converted = converter({
        builder: this.#builder,
        operator,
        layer,
        value: (position) => this.#value(operator.inputs[position], operator.name, layer),
        isConstant: (position) => this.#constants.has(operator.inputs[position] ?? -1),
        constant: (position) => this.#constant(operator.inputs[position], operator.name, layer),
        outputShape: this.#withoutBatch(this.#tensor(output)),
        outputShapes: operator.outputs.map((index) => this.#withoutBatch(this.#tensor(index))),
      });
      const outputs = typeof converted === 'string' ? [converted] : converted;
      for (const [i, value] of outputs.entries()) this.#values.set(operator.outputs[i] ?? output, value);
    }
    return this.#builder.build(this.#graph.outputs.map((output) => this.#value(output, 'the output', 'output')));
  }

  #tensor(index: number): TfliteTensor {
    const tensor = this.#graph.tensors[index];
    if (tensor === undefined) throw new EspalierError('invalid-model', `tensor ${index} does not exist`, { where: this.#where });
    return tensor;
  }

  #value(index: number | undefined, operator: string, layer: string): ValueId {
    const value = index === undefined ? undefined : this.#values.get(index);
    if (value === undefined)
      throw new EspalierError('unsupported-model', `${operator} reads a tensor that no layer computes`, {
        where: `layer "${layer}"`,
        fix: 'import the Keras model that the .tflite was converted from',
      });
    return value;
  }

  #constant(index: number | undefined, operator: string, layer: string): Parameter | undefined {
    if (index === undefined || index < 0) return undefined;
    const tensor = this.#constants.get(index);
    if (tensor === undefined)
      throw new EspalierError('unsupported-model', `${operator} has weights that are computed`, {
        where: `layer "${layer}"`,
        fix: 'import the Keras model that the .tflite was converted from',
      });
    const known = this.#parameters.get(tensor);
    if (known !== undefined) return known;
    const parameter = { shape: tensor.shape, data: realValues(tensor) };
    this.#parameters.set(tensor, parameter);
    return parameter;
  }

  #withoutBatch(tensor: TfliteTensor): Shape {
    const [batch, ...shape] = tensor.shape;
    if (batch !== 1)
      throw new EspalierError('unsupported-model', `has the shape [${tensor.shape.join(', ')}], expected a batch of 1 in front`, {
        where: `tensor "${tensor.name}"`,
        fix: 'export the model with a batch size of 1 or an open one',
      });
    return shape;
  }

  #layerName(wanted: string): string {
    let name = wanted;
    for (let n = 1; this.#layers.has(name); n++) name = `${wanted}_${n}`;
    this.#layers.add(name);
    return name;
  }
}

/** Converters join the names of all layers that an operator stands for; the first one is used. */
function cleanName(name: string): string {
  const [first = ''] = name.split(';');
  return first === '' ? 'tensor' : first;
}
