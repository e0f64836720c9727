import type { TfliteModel } from '../../../src/core/tflite/tflite-model.ts';

/** `[[0, 1, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]]`, its rows dense and its columns compressed. */
export const sparseModel: TfliteModel = {
  description: 'sparse',
  subgraphs: [
    {
      name: 'main',
      tensors: [
        {
          name: 'weights',
          shape: [3, 4],
          shapeSignature: undefined,
          type: 'float32',
          quantization: undefined,
          sparsity: {
            traversalOrder: [0, 1],
            blockMap: [],
            dimensions: [
              { format: 'dense', size: 3 },
              { format: 'csr', segments: [0, 2, 2, 4], indices: [1, 3, 0, 3] },
            ],
          },
          isVariable: false,
          data: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
        },
      ],
      inputs: [],
      outputs: [],
      operators: [],
    },
  ],
  signatures: [],
  metadata: [],
};
