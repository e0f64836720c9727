import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import { ProgramBuilder } from '../program/builder.ts';
import type { Program, Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import { type ActivationPlan, planActivations } from '../quantize/plan-activations.ts';
import type { ActivationType, TensorQuantization } from '../quantize/quantization.ts';
import { fakeQuantize, quantizedRange } from './fake-quantize.ts';
import { lowerNetwork, shapeOf } from './lowering/lower-network.ts';

export interface Inference {
  readonly batchSize: number;
  /**
   * @param inputs one array `[size, ...shape]` for each input of the network, images as NHWC
   * @param size examples in this batch, at most `batchSize`
   * @returns one array `[size, ...shape]` for each output; the caller's to keep
   */
  run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]>;
  dispose(): Promise<void>;
}

export interface InferenceOptions {
  /**
   * Rounds activations as the integer .tflite does; one entry for each group of values that share a scale
   * is enough. Weights are taken as they are.
   */
  readonly activations?: ReadonlyMap<ValueId, TensorQuantization>;
  /** Default: int8. */
  readonly activationType?: ActivationType;
  /** Any values of the network; its outputs by default. */
  readonly outputs?: readonly ValueId[];
}

/** Compiles a network for forward passes: batch norms with their stored statistics, dropout the identity. */
export async function compileInference(
  engine: Engine,
  network: Network,
  batchSize: number,
  options: InferenceOptions = {},
): Promise<Inference> {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new EspalierError('invalid-argument', `batch size ${batchSize} is not a whole number above 0`);
  const outputs = options.outputs ?? network.outputs;
  const compiled = await engine.compile(inferenceProgram(network, batchSize, outputs, options));
  const inputLengths = network.inputs.map((id) => elements(shapeOf(network, id)));
  const outputLengths = outputs.map((id) => elements(shapeOf(network, id)));
  return {
    batchSize,
    run: async (inputs, size) => {
      if (size < 1 || size > batchSize) throw new RangeError(`batch of ${size} examples for a program of ${batchSize}`);
      const feeds = Object.fromEntries(
        network.inputs.map((id, index) => [`input/${id}`, padBatch(network, id, inputs[index], size, batchSize, inputLengths[index] ?? 0)]),
      );
      const results = await compiled.run(feeds);
      return outputs.map((_, index) => {
        const data = results[`output/${index}`];
        if (!(data instanceof Float32Array)) throw new Error(`output ${index} of the program is not float32`);
        return data.slice(0, size * (outputLengths[index] ?? 0));
      });
    },
    dispose: () => compiled.dispose(),
  };
}

function inferenceProgram(
  network: Network,
  batchSize: number,
  outputs: readonly ValueId[],
  { activations = new Map(), activationType = 'int8' }: InferenceOptions,
): Program {
  const builder = new ProgramBuilder();
  const parameters = new Map<string, Tensor>();
  const plan = planActivations(network);
  const quantizations = quantizedValues(plan, activations);
  const lowered = lowerNetwork(builder, network, {
    batchSize,
    mode: 'inference',
    inputs: network.inputs.map((id) => builder.input(`input/${id}`, [batchSize, ...shapeOf(network, id)])),
    parameter: (id) => {
      const known = parameters.get(id);
      if (known !== undefined) return known;
      const parameter = network.parameters.get(id);
      if (parameter === undefined) throw new RangeError(`network "${network.name}" has no parameter "${id}"`);
      const tensor = builder.constant(parameter.data, parameter.shape);
      parameters.set(id, tensor);
      return tensor;
    },
    transform: (id, value) => {
      const quantization = quantizations.get(id);
      if (quantization === undefined) return value;
      const { minimum, maximum, scale } = quantizedRange(quantization, activationType);
      return value.like(
        fakeQuantize(
          builder,
          value.tensor,
          { minimum: builder.scalar(minimum), maximum: builder.scalar(maximum), scale: builder.scalar(scale) },
          { ties: activationType === 'int8' && plan.integerMeans.has(id) ? 'awayFromZero' : 'up' },
        ),
      );
    },
  });
  const tensors = outputs.map((id, index) => {
    const value = lowered.values.get(id);
    if (value === undefined) throw new RangeError(`network "${network.name}" has no value "${id}"`);
    return [`output/${index}`, value.batchMajor] as const;
  });
  return builder.build(Object.fromEntries(tensors));
}

/** Where the integer kernels round: at the values that bring new numbers into a group and those that average within it. */
function quantizedValues(
  plan: ActivationPlan,
  activations: ReadonlyMap<ValueId, TensorQuantization>,
): ReadonlyMap<ValueId, TensorQuantization> {
  if (activations.size === 0) return activations;
  return new Map(
    plan.groups.flatMap(({ values, sources, rounded }) => {
      const quantization = values.map((id) => activations.get(id)).find((entry) => entry !== undefined);
      return quantization === undefined ? [] : [...sources, ...rounded].map((id) => [id, activations.get(id) ?? quantization] as const);
    }),
  );
}

/** A partial batch is filled up with zeros. */
function padBatch(
  network: Network,
  id: ValueId,
  data: Float32Array | undefined,
  size: number,
  batchSize: number,
  length: number,
): Float32Array {
  if (data === undefined || data.length !== size * length) {
    throw new EspalierError(
      'invalid-data',
      `input "${id}" got ${data?.length ?? 0} numbers for ${size} examples of shape [${shapeOf(network, id).join(', ')}]`,
      { fix: 'check the shape that the data set is preprocessed to' },
    );
  }
  if (size === batchSize) return data;
  const padded = new Float32Array(batchSize * length);
  padded.set(data);
  return padded;
}
