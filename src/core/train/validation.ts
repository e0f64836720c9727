import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { taskError } from '../scoring/task-error.ts';
import { Scores } from '../scoring/score.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { elements } from '../program/shapes.ts';
import { bindParameters } from './bound-parameters.ts';
import { lowerNetwork, shapeOf } from '../lowering/lower-network.ts';
import type { TrainingSetup } from './training-program.ts';
import type { TrainingSteps } from './training-steps.ts';

export interface Validation {
  /** Higher is better: minus the task's error, see `taskError`. */
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
  const outputs = network.outputs.map((id) => {
    const value = lowered.values.get(id);
    if (value === undefined) throw new RangeError(`network "${network.name}" does not compute "${id}"`);
    return { tensor: value.batchMajor, length: elements(shapeOf(network, id)) };
  });
  const compiled = await engine.compile(
    builder.build(Object.fromEntries(outputs.map(({ tensor }, index) => [`output/${index}`, tensor] as const))),
  );
  const inputLengths = network.inputs.map((input) => elements(shapeOf(network, input)));

  return {
    score: async (steps) => {
      const scores = new Scores(data.target);
      for (let start = 0; start < data.size; start += batchSize) {
        const size = Math.min(batchSize, data.size - start);
        const batch = await data.read(Uint32Array.from({ length: size }, (_, i) => start + i));
        const results = await compiled.run({
          ...Object.fromEntries(steps.state),
          ...Object.fromEntries(steps.stepInputs),
          ...Object.fromEntries(
            network.inputs.map((input, i) => [`input/${input}`, filledUp(batch.inputs[i], batchSize * (inputLengths[i] ?? 0))]),
          ),
          quantizers: setup.quantizers?.feeds(steps.ranges) ?? new Float32Array(0),
        });
        scores.add(
          outputs.map(({ length }, index) => results[`output/${index}`]?.subarray(0, size * length) ?? new Float32Array(0)),
          batch,
        );
      }
      return -taskError(scores.accuracy(engine.description));
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
