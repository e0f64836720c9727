import type { ModelInspection } from '../../src/shared/inspection.ts';

/** A small int8 model; a file whose name has `pruned` in it is half zeros. */
export function exampleInspection(file: string): ModelInspection {
  const zeros = file.includes('pruned') ? 4 : 0;
  const kernel = {
    name: 'dense/kernel',
    type: 'int8',
    shape: [2, 4],
    quantization: { axis: 0, scales: [0.015, 0.02], zeroPoints: [0, 0] },
    constant: true,
    sparse: false,
  };
  const input = {
    name: 'input',
    type: 'int8',
    shape: [1, 4],
    quantization: { axis: undefined, scales: [0.00392], zeroPoints: [-128] },
    constant: false,
    sparse: false,
  };
  const output = {
    name: 'output',
    type: 'int8',
    shape: [1, 2],
    quantization: { axis: undefined, scales: [0.0039], zeroPoints: [-128] },
    constant: false,
    sparse: false,
  };
  return {
    version: 1,
    path: file,
    format: 'tflite',
    inputs: [input],
    outputs: [output],
    operations: [
      {
        index: 0,
        kind: 'FULLY_CONNECTED',
        layer: 'dense',
        inputs: ['input', 'dense/kernel'],
        outputs: ['output'],
        outputShape: [1, 2],
        parameters: 8,
        details: 'no activation',
      },
    ],
    tensors: [input, kernel, output],
    parameters: 8,
    weights: [
      {
        layer: 'dense',
        tensor: 'dense/kernel',
        operation: 'FULLY_CONNECTED',
        shape: [2, 4],
        elements: 8,
        zeros,
        uniqueValues: 8 - zeros,
        uniqueValuesPerChannel: 4,
      },
    ],
    densities: [
      {
        layer: 'dense',
        axis: 'integer',
        minimum: -128.5,
        maximum: 127.5,
        counts: Array.from({ length: 256 }, (_, index) => (index === 128 ? zeros : index % 32 === 0 ? 1 : 0)),
        zeros,
        elements: 8,
      },
    ],
    sizes: { raw: 1200, gzip: 700, zip: 820 },
    fullInteger: true,
    warnings: [],
  };
}
