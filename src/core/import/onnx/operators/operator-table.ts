/** Which operators of the standard set are converted, and what to say of others that people have. */
import type { NodeConverter } from '../node-context.ts';
import { activationOperators } from './activations.ts';
import { arithmeticOperators } from './arithmetic.ts';
import { convolutionOperators } from './convolutions.ts';
import { normalizationOperators } from './normalizations.ts';
import { paddingOperators } from './padding.ts';
import { poolingOperators } from './pooling.ts';
import { productOperators } from './products.ts';
import { quantizationOperators } from './quantization.ts';
import { recurrentOperators } from './recurrent.ts';
import { reductionOperators } from './reductions.ts';
import { resizingOperators } from './resizing.ts';
import { shapeOperators } from './shapes.ts';

const converters: Readonly<Record<string, NodeConverter>> = {
  ...activationOperators,
  ...arithmeticOperators,
  ...convolutionOperators,
  ...normalizationOperators,
  ...paddingOperators,
  ...poolingOperators,
  ...productOperators,
  ...quantizationOperators,
  ...recurrentOperators,
  ...reductionOperators,
  ...resizingOperators,
  ...shapeOperators,
};

export const operatorNames: readonly string[] = Object.keys(converters).sort();

export function converterOf(domain: string, op: string): NodeConverter | undefined {
  return domain === '' && Object.hasOwn(converters, op) ? converters[op] : undefined;
}

const postProcessing = 'export the network without its post-processing, which stays on the processor of the application';
const controlFlow = 'export with fixed shapes and by tracing (torch.onnx.export of an eager module), which leaves control flow out';
const quantized = 'give the float model that it was made from, or one quantized in the QDQ format, which keeps its float operators';

const remedies: Readonly<Record<string, string>> = {
  NonMaxSuppression: postProcessing,
  TopK: postProcessing,
  RoiAlign: postProcessing,
  NonZero: postProcessing,
  ArgMax: postProcessing,
  ArgMin: postProcessing,
  GatherND: postProcessing,
  ScatterND: postProcessing,
  If: controlFlow,
  Loop: controlFlow,
  Scan: controlFlow,
  QLinearConv: quantized,
  QLinearMatMul: quantized,
  ConvInteger: quantized,
  MatMulInteger: quantized,
  DynamicQuantizeLinear: quantized,
};

/** What can be done about an operator that is not converted. */
export function remedyOf(domain: string, op: string): string {
  if (domain !== '' && domain !== 'ai.onnx') return `export the model with operators of the standard set in place of those of "${domain}"`;
  return remedies[op] ?? 'replace the layer by others, or train a copy of the network without it';
}
