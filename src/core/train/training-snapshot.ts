import { EspalierError } from '../errors.ts';
import type { TrainingState } from './training-state.ts';
import type { TrainingSteps } from './training-steps.ts';

const rangesName = 'activation ranges';

/** All tensors of a training, copied. */
export function copyTensors(steps: TrainingSteps): Map<string, Float32Array> {
  const tensors = steps.copyState();
  for (const [name, data] of steps.stepInputs) tensors.set(name, data.slice());
  if (steps.ranges.length > 0) tensors.set(rangesName, steps.ranges.slice());
  return tensors;
}

export function writeTensors(steps: TrainingSteps, tensors: ReadonlyMap<string, Float32Array>): void {
  const found = (name: string, length: number): Float32Array => {
    const data = tensors.get(name);
    if (data?.length !== length) {
      throw new EspalierError(
        'invalid-data',
        `the checkpoint has ${data?.length ?? 0} numbers for "${name}", this training ${length}: it is of another model or other settings`,
        { fix: 'delete it and train from the start' },
      );
    }
    return data.slice();
  };
  steps.state = new Map([...steps.state].map(([name, { length }]) => [name, found(name, length)]));
  for (const [name, data] of steps.stepInputs) data.set(found(name, data.length));
  if (steps.ranges.length > 0) steps.ranges = found(rangesName, steps.ranges.length);
}

/** @param more tensors beside those of the steps, under names of their own */
export function readTrainingState(
  steps: TrainingSteps,
  rest: Omit<TrainingState, 'tensors'>,
  more: ReadonlyMap<string, Float32Array> = new Map(),
): TrainingState {
  return { ...rest, tensors: new Map([...copyTensors(steps), ...more]) };
}

/** @throws EspalierError when the checkpoint does not fit this training */
export function restoreTrainingState(steps: TrainingSteps, state: TrainingState, total: number): void {
  if (!Number.isSafeInteger(state.step) || state.step < 0 || state.step > total) {
    throw new EspalierError('invalid-data', `the checkpoint is of step ${state.step}, this training has ${total}`, {
      fix: 'delete it and train from the start',
    });
  }
  writeTensors(steps, state.tensors);
}
