import { createPipeline } from '../../../src/core/data/preprocessing/create-pipeline.ts';
import type { Pipeline, PipelineOptions } from '../../../src/core/data/preprocessing/pipeline.ts';
import type { Example, ExampleKind } from '../../../src/core/data/example-source.ts';
import type { TensorDetails } from '../../../src/core/tflite/runtime.ts';
import { encodeReal } from '../../../src/core/measure/tflite-scorer.ts';
import type { DeploymentPlan, PlannedInput } from '../../../src/deploy/plan.ts';

/** The pipeline of training for some preprocessing, and an input of a model behind it. */
export interface Prepared {
  readonly pipeline: Pipeline;
  readonly input: PlannedInput;
  /** The bytes that the model takes of an example, by the pipeline of training. */
  codes(example: Example): Uint8Array;
}

export interface InputChoice {
  readonly kind: ExampleKind;
  readonly options: Partial<PipelineOptions>;
  readonly type?: 'int8' | 'uint8' | 'float32' | 'int16';
  readonly scale?: number;
  readonly zeroPoint?: number;
}

export function prepareInput({ kind, options, type = 'int8', scale = 1 / 128, zeroPoint = 3 }: InputChoice): Prepared {
  const pipeline = createPipeline(kind, {
    name: 'data of a test',
    shape: undefined,
    preprocessing: {},
    normalisation: undefined,
    augmentation: {},
    modelInputShape: undefined,
    ...options,
  });
  const shape = [1, ...pipeline.inputShape];
  const elements = pipeline.inputShape.reduce((product, size) => product * size, 1);
  const isReal = type === 'float32';
  const details: TensorDetails = {
    name: 'input',
    shape,
    type,
    quantization: isReal ? undefined : { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
    bytes: elements * { int8: 1, uint8: 1, int16: 2, float32: 4 }[type],
  };
  return {
    pipeline,
    input: { details, suffix: '', elements, scale: isReal ? 1 : scale, zeroPoint: isReal ? 0 : zeroPoint, steps: pipeline.steps },
    codes(example) {
      const values = new Float32Array(elements);
      pipeline.finish(pipeline.prepare(example), values, 0, undefined);
      return encodeReal(details, values);
    },
  };
}

/** A plan of nothing but this input, and an output of ten classes. */
export function planOf(input: PlannedInput, example: Example, codes: Uint8Array): DeploymentPlan {
  const output = {
    details: { name: 'scores', shape: [1, 10], type: 'int8', quantization: { scales: [1 / 256], zeroPoints: [-128], axis: 0 }, bytes: 10 },
    suffix: '',
    elements: 10,
    scale: 1 / 256,
    zeroPoint: -128,
  } as const;
  return {
    name: 'net',
    file: 'net.tflite',
    model: new Uint8Array(16),
    packed: false,
    plain: new Uint8Array(16),
    inputs: [input],
    outputs: [output],
    labels: undefined,
    test: { examples: [example], fromData: true, inputs: [codes], outputs: [new Uint8Array(10)], runtime: 'a test' },
  };
}
