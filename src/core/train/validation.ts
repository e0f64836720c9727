import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { elements } from '../program/shapes.ts';
import { bindParameters } from './bound-parameters.ts';
import { lossValue } from './losses.ts';
import { lowerNetwork, shapeOf } from '../lowering/lower-network.ts';
import type { TrainingSetup } from './training-program.ts';
import type { TrainingSteps } from './training-steps.ts';

export interface Validation {
  /** Higher is better: the share of correct predictions, or for regression minus the mean squared error. */
  score(steps: TrainingSteps): Promise<number>;
  dispose(): Promise<void>;
}

/** Compiles forward passes with the current training weights, so that an epoch can be validated without a new program. */
export async function compileValidation(engine: Engine, setup: TrainingSetup, data: DataSet, batchSize: number): Promise<Validation> {
  const { network } = setup;
  const builder = createProgramBuilder();
  const bound = bindParameters(builder, network, setup.parameters, setup.constraints, false);
  const quantizers = setup.quantizers?.lower(builder);
  const lowered = lowerNetwork(builder, network, {
    batchSize,
    mode: 'inference',
    inputs: network.inputs.map((id) => builder.input(`input/${id}`, [batchSize, ...shapeOf(network, id)])),
    parameter: (id) => bound.parameter(id),
    transform: (id, value) => quantizers?.quantize(id, value) ?? value,
  });
  const id = data.target.kind === 'classes' ? lossValue(network, setup.loss) : (network.outputs[0] ?? '');
  const output = lowered.values.get(id);
  if (output === undefined) throw new RangeError(`network "${network.name}" does not compute "${id}"`);
  const compiled = await engine.compile(builder.build({ predictions: output.batchMajor }));
  const length = elements(output.shape);
  const inputLengths = network.inputs.map((input) => elements(shapeOf(network, input)));
  const threshold = setup.loss.kind === 'meanSquaredError' ? 0.5 : 0;

  return {
    score: async (steps) => {
      let total = 0;
      for (let start = 0; start < data.size; start += batchSize) {
        const size = Math.min(batchSize, data.size - start);
        const batch = await data.read(Uint32Array.from({ length: size }, (_, i) => start + i));
        const { predictions } = await compiled.run({
          ...Object.fromEntries(steps.state),
          ...Object.fromEntries(steps.stepInputs),
          ...Object.fromEntries(
            network.inputs.map((input, i) => [`input/${input}`, filledUp(batch.inputs[i], batchSize * (inputLengths[i] ?? 0))]),
          ),
          quantizers: setup.quantizers?.feeds(steps.ranges) ?? new Float32Array(0),
        });
        for (let i = 0; i < size; i++) {
          const predicted = Float32Array.from(predictions?.subarray(i * length, (i + 1) * length) ?? []);
          total +=
            data.target.kind === 'classes'
              ? Number(classOf(predicted, threshold) === batch.labels[i])
              : -squaredError(predicted, batch.targets.subarray(i * length, (i + 1) * length));
        }
      }
      return total / data.size;
    },
    dispose: () => compiled.dispose(),
  };
}

/** A partial batch is filled up with zeros. */
function filledUp(values: Float32Array | undefined, length: number): Float32Array {
  if (values?.length === length) return values;
  const filled = new Float32Array(length);
  if (values !== undefined) filled.set(values);
  return filled;
}

/** The largest output, the first one on ties; one output alone tells two classes apart by the threshold. */
function classOf(predicted: Float32Array, threshold: number): number {
  return predicted.length === 1
    ? Number((predicted[0] ?? 0) > threshold)
    : predicted.indexOf(predicted.reduce((most, value) => Math.max(most, value), -Infinity));
}

function squaredError(predicted: Float32Array, target: Float32Array): number {
  return predicted.reduce((sum, value, i) => sum + (value - (target[i] ?? 0)) ** 2, 0) / predicted.length;
}
