/** Which layer takes the memory of a training step, for the message where a step fits nowhere. */
import { shapeOf } from '../lowering/lower-network.ts';
import { parametersOf } from '../network/operation-parameters.ts';
import { elements } from '../program/shapes.ts';
import { momentNames } from './optimizers.ts';
import type { TrainingSetup } from './training-program.ts';

export interface LargestLayer {
  readonly layer: string;
  /** Estimated, of a step of one example. */
  readonly bytes: number;
  /** What most of them are for. */
  readonly holds: 'weights' | 'values';
  readonly weights: number;
  /** That its operations give for one example. */
  readonly values: number;
}

const bytesOfFloat = 4;
/** A value and its gradient. */
const copiesOfValue = 2;
/** A weight, its gradient, and the moved weight in two sets of outputs that take turns. */
const copiesOfWeight = 4;
/** As an input, and in both sets of outputs. */
const copiesOfMoment = 3;

/** @returns undefined for a network without operations */
export function largestLayer({
  network,
  parameters,
  optimizer,
}: Pick<TrainingSetup, 'network' | 'parameters' | 'optimizer'>): LargestLayer | undefined {
  const learned = new Set(parameters.learned.entries.map(({ name }) => name));
  const copies = copiesOfWeight + copiesOfMoment * momentNames(optimizer).length;
  const layers = new Map<string, { weights: number; values: number; weightBytes: number; valueBytes: number }>();
  const counted = new Set<string>();
  for (const operation of network.operations) {
    const sums = layers.get(operation.layer) ?? { weights: 0, values: 0, weightBytes: 0, valueBytes: 0 };
    const values = elements(shapeOf(network, operation.output));
    sums.values += values;
    sums.valueBytes += values * copiesOfValue * bytesOfFloat;
    for (const id of parametersOf(operation)) {
      if (counted.has(id)) continue;
      counted.add(id);
      const weights = elements(network.parameters.get(id)?.shape ?? [0]);
      sums.weights += weights;
      sums.weightBytes += weights * (learned.has(id) ? copies : 1) * bytesOfFloat;
    }
    layers.set(operation.layer, sums);
  }
  let largest: LargestLayer | undefined;
  for (const [layer, { weights, values, weightBytes, valueBytes }] of layers) {
    const bytes = weightBytes + valueBytes;
    if (bytes > (largest?.bytes ?? 0)) largest = { layer, bytes, holds: weightBytes > valueBytes ? 'weights' : 'values', weights, values };
  }
  return largest;
}
