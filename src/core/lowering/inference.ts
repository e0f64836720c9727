import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import { createProgramBuilder, type ProgramBuilder } from '../program/builder.ts';
import { memoryBound } from '../program/memory-bound.ts';
import type { Program, Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { LoweredValue } from './lowered-value.ts';
import { lowerNetwork, shapeOf } from './lower-network.ts';

export interface Inference {
  readonly batchSize: number;
  /**
   * @param inputs one array `[size, ...shape]` for each input of the network, images as NHWC
   * @param size examples in this batch, at most `batchSize`
   * @returns one array `[size, ...shape]` for each output, or of what is given of it; the caller's to keep
   */
  run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]>;
  /** The same without a copy, for what is read at once: the run after the next overwrites the arrays. */
  borrow(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]>;
  dispose(): Promise<void>;
}

/**
 * Replaces a value of the network as soon as it is lowered: what integer kernels do to it, for example.
 *
 * @see roundActivations in core/quantize/round-activations.ts
 */
export type ValueTransform = (builder: ProgramBuilder, id: ValueId, value: LoweredValue) => LoweredValue;

export interface InferenceOptions {
  /** Default: values stay as they are. */
  readonly transform?: ValueTransform | undefined;
  /** Any values of the network; its outputs by default. */
  readonly outputs?: readonly ValueId[];
  /** What a run gives of an output, `[batchSize, ...]`, such as its extent; by default the value itself, batch-major. */
  readonly give?: GivenOutput | undefined;
  /** The batch is halved until a run takes at most so many bytes, or one example is left. */
  readonly memoryBytes?: number | undefined;
}

/** @see extentOf */
export type GivenOutput = (builder: ProgramBuilder, id: ValueId, value: LoweredValue, batchSize: number) => Tensor;

/**
 * Compiles a network for forward passes: batch norms with their stored statistics, dropout the identity.
 *
 * @param largestBatch the batch size, unless `memoryBytes` makes it smaller
 */
export async function compileInference(
  engine: Engine,
  network: Network,
  largestBatch: number,
  options: InferenceOptions = {},
): Promise<Inference> {
  if (!Number.isInteger(largestBatch) || largestBatch < 1)
    throw new EspalierError('invalid-argument', `batch size ${largestBatch} is not a whole number above 0`);
  const outputs = options.outputs ?? network.outputs;
  const { program, batchSize } = fittingProgram(network, largestBatch, outputs, options);
  const compiled = await engine.compile(program);
  const inputLengths = network.inputs.map((id) => elements(shapeOf(network, id)));
  const outputLengths = outputs.map((_, index) => elements(program.outputs[`output/${index}`]?.shape ?? []) / batchSize);
  const borrow: Inference['borrow'] = async (inputs, size) => {
    if (size < 1 || size > batchSize) throw new RangeError(`batch of ${size} examples for a program of ${batchSize}`);
    const feeds = Object.fromEntries(
      network.inputs.map((id, index) => [`input/${id}`, padBatch(network, id, inputs[index], size, batchSize, inputLengths[index] ?? 0)]),
    );
    const results = await compiled.run(feeds);
    return outputs.map((_, index) => {
      const data = results[`output/${index}`];
      if (!(data instanceof Float32Array)) throw new Error(`output ${index} of the program is not float32`);
      return data.subarray(0, size * (outputLengths[index] ?? 0));
    });
  };
  return {
    batchSize,
    borrow,
    run: async (inputs, size) => (await borrow(inputs, size)).map((values) => values.slice()),
    dispose: () => compiled.dispose(),
  };
}

function fittingProgram(
  network: Network,
  largestBatch: number,
  outputs: readonly ValueId[],
  options: InferenceOptions,
): { readonly program: Program; readonly batchSize: number } {
  let batchSize = largestBatch;
  let program = inferenceProgram(network, batchSize, outputs, options);
  while (options.memoryBytes !== undefined && batchSize > 1 && memoryBound(program) > options.memoryBytes) {
    batchSize = Math.ceil(batchSize / 2);
    program = inferenceProgram(network, batchSize, outputs, options);
  }
  return { program, batchSize };
}

function inferenceProgram(
  network: Network,
  batchSize: number,
  outputs: readonly ValueId[],
  { transform, give = (_builder, _id, value) => value.batchMajor }: InferenceOptions,
): Program {
  const builder = createProgramBuilder();
  const parameters = new Map<string, Tensor>();
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
    transform: (id, value) => transform?.(builder, id, value) ?? value,
  });
  const tensors = outputs.map((id, index) => {
    const value = lowered.values.get(id);
    if (value === undefined) throw new RangeError(`network "${network.name}" has no value "${id}"`);
    return [`output/${index}`, give(builder, id, value, batchSize)] as const;
  });
  return builder.build(Object.fromEntries(tensors));
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
