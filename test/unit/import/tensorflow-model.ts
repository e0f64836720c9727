/** Models of TensorFlow.js, the independent implementation that imported networks are compared with. */
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { ImportedModel } from '../../../src/core/import/import-model.ts';
import { transpose } from '../../../src/core/import/tensor-layouts.ts';
import { createRandom } from '../../../src/core/random.ts';
import { randomData } from '../fixtures/random-data.ts';
import { referenceOutputs } from '../network/reference-executor.ts';
import { importTopology, type NamedWeight } from './keras-model-files.ts';

/** Gives every weight random values, so that no bias is zero and no scale one; variances are positive. */
export function randomizeWeights(model: tf.LayersModel, seed = 1): void {
  const random = createRandom(seed);
  for (const weight of model.weights) {
    const values = Float32Array.from(
      { length: weight.shape.reduce<number>((product, length) => product * (length ?? 1), 1) },
      () => random.normal() * 0.5,
    );
    weight.write(
      tf.tensor(weight.originalName.includes('variance') ? values.map((value) => Math.abs(value) + 0.1) : values, weight.shape as number[]),
    );
  }
}

export function weightsOf(layer: tf.LayersModel | tf.layers.Layer): readonly NamedWeight[] {
  return layer.weights.map((weight) => ({
    name: weight.originalName,
    shape: weight.shape.map(Number),
    data: Float32Array.from(weight.read().dataSync()),
  }));
}

export function topologyOf(model: tf.LayersModel): object {
  return model.toJSON(null, false) as unknown as object;
}

export function importFromTensorflow(model: tf.LayersModel): Promise<ImportedModel> {
  return importTopology(topologyOf(model), weightsOf(model));
}

/** Standard normal inputs by default; `integers` below a bound for embeddings. */
export function randomInputs(model: tf.LayersModel, integers?: number): readonly Float32Array[] {
  const random = createRandom(77);
  return model.inputs.map(({ shape }, i) => {
    const data = randomData(
      shape.slice(1).reduce<number>((product, length) => product * (length ?? 1), 1),
      50 + i,
    );
    return integers === undefined ? data : data.map(() => random.integer(integers));
  });
}

/** Compares every output for one example; images whose layout the importer changed are given in the new layout. */
export function expectSamePredictions({ network }: ImportedModel, model: tf.LayersModel, inputs: readonly Float32Array[]): void {
  const predicted = model.predict(inputs.map((data, i) => tf.tensor(data, [1, ...model.inputs[i]!.shape.slice(1).map(Number)])));
  const expected = (Array.isArray(predicted) ? predicted : [predicted]).map((tensor) => tensor.dataSync());
  const given = inputs.map((data, i) => {
    const shape = model.inputs[i]!.shape.slice(1).map(Number);
    const converted = network.values.get(network.inputs[i]!)!.shape;
    return converted.join() === shape.join() ? data : transpose(data, shape, [1, 2, 0]);
  });
  const outputs = referenceOutputs(network, given);
  expect(outputs.length).toBe(expected.length);
  outputs.forEach((output, o) => {
    expect(output.length).toBe(expected[o]!.length);
    output.forEach((value, i) => {
      expect(
        Math.abs(value - expected[o]![i]!),
        `output ${o}, element ${i}: ${value}, TensorFlow.js gives ${expected[o]![i]}`,
      ).toBeLessThan(2e-5 * Math.max(1, Math.abs(value)));
    });
  });
}
