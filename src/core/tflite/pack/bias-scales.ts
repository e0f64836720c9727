/**
 * The scales of a convolution's bias are those of its input and kernel multiplied, one for each channel: 12 bytes a
 * channel that TFLite Micro never reads where kernels are quantized per channel. A packed file leaves them out, and
 * unpacking computes them again.
 */
import type { Quantization, Subgraph, TfliteModel, TfliteTensor } from '../tflite-model.ts';

const convolutions = ['CONV_2D', 'DEPTHWISE_CONV_2D'];

/** The model without the scales of biases that `withBiasScales` gives back exactly. */
export function withoutBiasScales(model: TfliteModel): TfliteModel {
  return mapBiases(model, (bias, derived) =>
    bias.quantization !== undefined && equalQuantization(bias.quantization, derived) ? { ...bias, quantization: undefined } : bias,
  );
}

/**
 * The model with the scales that `withoutBiasScales` left out: `scale of the input * scale of the kernel`, for each
 * channel.
 */
export function withBiasScales(model: TfliteModel): TfliteModel {
  return mapBiases(model, (bias, derived) => (bias.quantization === undefined ? { ...bias, quantization: derived } : bias));
}

function mapBiases(model: TfliteModel, change: (bias: TfliteTensor, derived: Quantization) => TfliteTensor): TfliteModel {
  return { ...model, subgraphs: model.subgraphs.map((graph) => ({ ...graph, tensors: mapTensors(graph, change) })) };
}

function mapTensors(graph: Subgraph, change: (bias: TfliteTensor, derived: Quantization) => TfliteTensor): readonly TfliteTensor[] {
  const tensors = [...graph.tensors];
  for (const operator of graph.operators) {
    if (operator.isCustom || !convolutions.includes(operator.name)) continue;
    const [input = -1, kernel = -1, bias = -1] = operator.inputs;
    const found = tensors[bias];
    const derived = derivedQuantization(tensors[input], tensors[kernel]);
    if (found?.data !== undefined && found.type.startsWith('int') && derived !== undefined) tensors[bias] = change(found, derived);
  }
  return tensors;
}

function derivedQuantization(input: TfliteTensor | undefined, kernel: TfliteTensor | undefined): Quantization | undefined {
  const scale = input?.quantization?.scales[0];
  const kernelScales = kernel?.quantization?.scales ?? [];
  if (scale === undefined || kernelScales.length < 2) return undefined;
  return { scales: kernelScales.map((own) => Math.fround(scale * own)), zeroPoints: kernelScales.map(() => 0), axis: 0 };
}

function equalQuantization(a: Quantization, b: Quantization): boolean {
  return (
    a.axis === b.axis &&
    a.scales.length === b.scales.length &&
    a.scales.every((scale, i) => scale === b.scales[i]) &&
    a.zeroPoints.every((zeroPoint, i) => zeroPoint === b.zeroPoints[i])
  );
}
