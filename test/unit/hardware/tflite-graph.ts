import type { OperatorOptions } from '../../../src/core/tflite/schema/operator-options.ts';
import type { Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from '../../../src/core/tflite/tflite-model.ts';

/** Small .tflite files as data, for tests that count in them. */
export function model(subgraphs: readonly Subgraph[]): TfliteModel {
  return { description: '', subgraphs, signatures: [], metadata: [] };
}

export function graph(parts: Omit<Subgraph, 'name'>): Subgraph {
  return { name: 'main', ...parts };
}

export function tensor(name: string, shape: readonly number[], more: Partial<TfliteTensor> = {}): TfliteTensor {
  return {
    name,
    shape,
    shapeSignature: undefined,
    type: 'int8',
    quantization: { scales: [1], zeroPoints: [0], axis: 0 },
    sparsity: undefined,
    isVariable: false,
    data: undefined,
    ...more,
  };
}

export function operator(
  name: string,
  inputs: readonly number[],
  outputs: readonly number[],
  options: OperatorOptions = {},
): TfliteOperator {
  return { name, isCustom: name === 'TFLM_DECODE', version: 1, inputs, outputs, options, customOptions: undefined };
}
