import { INSPECTION_VERSION, type InspectedOperation, type InspectedTensor, type ModelInspection } from '../../../shared/inspection.ts';
import { kernelDensities } from '../../measure/density.ts';
import { fileSizes } from '../../measure/file-sizes.ts';
import { weightMetrics } from '../../measure/weight-metrics.ts';
import { floatTensors } from '../../tflite/float-tensors.ts';
import { withBiasScales } from '../../tflite/pack/bias-scales.ts';
import { schemeOf } from '../../tflite/pack/decode-tensor.ts';
import { isDecoder, isPacked, unpackModel } from '../../tflite/pack/unpack-model.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { elementCount, type Subgraph, type TfliteModel, type TfliteOperator, type TfliteTensor } from '../../tflite/tflite-model.ts';

export function inspectTflite(path: string, bytes: Uint8Array): ModelInspection {
  const read = readTflite(bytes);
  const model = isPacked(read) ? withBiasScales(read) : read;
  const plain = unpackModel(model);
  const [graph] = model.subgraphs;
  const tensors = (indices: readonly number[]): InspectedTensor[] => indices.flatMap((index) => inspectTensor(graph?.tensors[index]));
  return {
    version: INSPECTION_VERSION,
    path,
    format: 'tflite',
    inputs: tensors(graph?.inputs ?? []),
    outputs: tensors(graph?.outputs ?? []),
    operations: model.subgraphs.flatMap(inspectOperators).map((operation, index) => ({ ...operation, index })),
    tensors: model.subgraphs.flatMap((subgraph) => subgraph.tensors.flatMap(inspectTensor)),
    parameters: plain.subgraphs.reduce(
      (sum, subgraph) => sum + subgraph.tensors.reduce((part, tensor) => part + parameterCount(tensor), 0),
      0,
    ),
    weights: weightMetrics(plain),
    densities: kernelDensities(plain),
    sizes: fileSizes(bytes),
    fullInteger: floatTensors(model).length === 0,
    warnings: warningsOf(model),
  };
}

function inspectTensor(tensor: TfliteTensor | undefined): InspectedTensor[] {
  if (tensor === undefined) return [];
  const { name, type, shape, quantization } = tensor;
  return [
    {
      name,
      type,
      shape,
      quantization:
        quantization === undefined || quantization.scales.length === 0
          ? undefined
          : {
              axis: quantization.scales.length > 1 ? quantization.axis : undefined,
              scales: quantization.scales,
              zeroPoints: quantization.zeroPoints,
            },
      constant: tensor.data !== undefined,
      sparse: tensor.sparsity !== undefined,
    },
  ];
}

function inspectOperators(graph: Subgraph): InspectedOperation[] {
  const counted = new Set<number>();
  const names = (indices: readonly number[]): string[] => indices.map((index) => graph.tensors[index]?.name ?? '');
  return graph.operators.map((operator, index) => {
    const own = operator.inputs.filter((input) => !counted.has(input));
    for (const input of own) counted.add(input);
    const output = graph.tensors[operator.outputs[0] ?? -1];
    return {
      index,
      kind: operator.isCustom ? `custom ${operator.name}` : operator.name,
      layer: output?.name ?? '',
      inputs: names(operator.inputs),
      outputs: names(operator.outputs),
      outputShape: output?.shape ?? [],
      parameters: isDecoder(operator)
        ? operator.outputs.reduce((sum, decoded) => sum + elementCount(graph.tensors[decoded]?.shape ?? []), 0)
        : own.reduce((sum, input) => sum + parameterCount(graph.tensors[input]), 0),
      details: isDecoder(operator) ? describeDecoder(operator, graph) : describeOptions(operator, graph),
    };
  });
}

/** Shapes, axes and paddings are constants too, but nothing that was trained. */
function parameterCount(tensor: TfliteTensor | undefined): number {
  if (tensor?.data === undefined) return 0;
  const isTrained = tensor.type.startsWith('float') || (tensor.quantization?.scales.length ?? 0) > 0;
  return isTrained ? elementCount(tensor.shape) : 0;
}

function describeDecoder({ inputs }: TfliteOperator, { tensors }: Subgraph): string {
  const data = inputs.map((input) => tensors[input]?.data);
  const schemes = data.flatMap((ancillary, i) => (i % 2 === 1 && ancillary !== undefined ? [schemeOf(ancillary)] : []));
  return `${schemes.join(', ')}, ${data.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0).toLocaleString('en')} bytes`;
}

const filterOperators = ['CONV_2D', 'DEPTHWISE_CONV_2D', 'TRANSPOSE_CONV'];
/** Options that other columns show, or that do not interest a reader. */
const silentOptions = [
  'strideWidth',
  'strideHeight',
  'filterWidth',
  'filterHeight',
  'activation',
  'padding',
  'powerOfTwoScaleInt16',
  'newShape',
];

function describeOptions(operator: TfliteOperator, graph: Subgraph): string {
  const { options } = operator;
  const kernel = filterOperators.includes(operator.name) ? graph.tensors[operator.inputs[1] ?? -1]?.shape : undefined;
  const size = kernel === undefined ? [options['filterHeight'], options['filterWidth']] : [kernel[1], kernel[2]];
  const strides = [options['strideHeight'], options['strideWidth']];
  const others = Object.entries(options).filter(([name, value]) => !silentOptions.includes(name) && !isDefault(name, value));
  return [
    ...(size[0] === undefined ? [] : [size.join('x')]),
    ...(strides.every((stride) => stride === undefined || stride === 1) ? [] : [`stride ${strides.join('x')}`]),
    ...(typeof options['padding'] === 'string' ? [options['padding']] : []),
    ...(options['activation'] === undefined || options['activation'] === 'none' ? [] : [String(options['activation'])]),
    ...others.map(([name, value]) => (value === true ? name : `${name} ${String(value)}`)),
  ].join(', ');
}

function isDefault(name: string, value: unknown): boolean {
  return value === false || value === 'default' || (value === 0 && name !== 'axis') || (value === 1 && name !== 'axis');
}

function warningsOf(model: TfliteModel): string[] {
  return [
    ...(isPacked(model) ? ['packed: TFLite Micro runs it, LiteRT does not; `espalier pack --undo` gives the plain file'] : []),
    ...(model.subgraphs.length > 1 ? [`the file has ${model.subgraphs.length} subgraphs; inputs and outputs are those of the first`] : []),
    ...[
      ...new Set(
        model.subgraphs.flatMap((graph) =>
          graph.operators.filter((operator) => operator.isCustom && !isDecoder(operator)).map((operator) => operator.name),
        ),
      ),
    ].map((name) => `custom operator "${name}": only a runtime that brings it can run this file`),
  ];
}
