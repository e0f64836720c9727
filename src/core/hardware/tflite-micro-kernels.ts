import { EspalierError } from '../errors.ts';
import { microRegistration } from '../tflite/micro-operators.ts';
import type { Subgraph, TfliteModel, TfliteTensor } from '../tflite/tflite-model.ts';
import { graphOperators, type GraphOperator } from './graph-operators.ts';

/** Why TFLite Micro does not run a file, in sentences for its reader; empty when it does. */
export function tfliteMicroObstacles(model: TfliteModel): readonly string[] {
  const operators = model.subgraphs.flatMap(graphOperators);
  const missing = new Set(operators.flatMap(({ kind, source }) => (microRegistration(source) === undefined ? [kind] : [])));
  const hybrid = operators.filter(isHybrid);
  const tensors = model.subgraphs.flatMap((graph) => graph.tensors);
  const half = tensors.filter(({ type }) => type === 'float16');
  const sparse = tensors.filter(({ sparsity }) => sparsity !== undefined);
  return [
    ...[...missing].map((kind) => {
      const at = operators.filter((operator) => operator.kind === kind);
      return `TFLite Micro has no kernel for ${kind} (${listed(at)}): it does not run this file`;
    }),
    ...obstacle(
      hybrid,
      (names) => `TFLite Micro does not multiply float activations with integer kernels (${names}): quantize the activations too`,
    ),
    ...obstacle(half, (names) => `TFLite Micro does not read float16 tensors (${names}): convert the model to int8`),
    ...obstacle(sparse, (names) => `TFLite Micro does not read sparse tensors (${names}): write them dense, or pack the int8 file`),
  ];
}

interface Named {
  readonly name: string;
}

function obstacle(at: readonly Named[], sentence: (names: string) => string): readonly string[] {
  return at.length === 0 ? [] : [sentence(listed(at))];
}

/** The first operator that computes in float, if any: what integer hardware does not run. */
export function floatOperator(model: TfliteModel): string | undefined {
  const isFloat = (tensor: TfliteTensor | undefined): boolean => tensor?.type.startsWith('float') === true;
  return model.subgraphs
    .flatMap(graphOperators)
    .find(({ kind, inputs, outputs }) => !['QUANTIZE', 'DEQUANTIZE'].includes(kind) && [...inputs, ...outputs].some(isFloat))?.name;
}

function isHybrid({ kind, inputs }: GraphOperator): boolean {
  if (!['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED'].includes(kind)) return false;
  const [input, kernel] = inputs;
  return input?.type === 'float32' && kernel !== undefined && kernel.type !== 'float32';
}

const mostListed = 3;

function listed(at: readonly Named[]): string {
  const names = at.slice(0, mostListed).map(({ name }) => name);
  return names.join(', ') + (at.length > mostListed ? ` and ${at.length - mostListed} more` : '');
}

/** @throws EspalierError `unsupported-model` when the file has nothing to run */
export function requireOperators(model: TfliteModel): Subgraph {
  const [graph] = model.subgraphs;
  if (graph === undefined || graph.operators.length === 0)
    throw new EspalierError('unsupported-model', 'it has no operators: there is nothing to run');
  return graph;
}
