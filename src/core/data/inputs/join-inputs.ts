import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { Batch, DataSet, DataSplits } from '../dataset.ts';
import type { Target } from '../target.ts';
import { plainName } from './model-inputs.ts';

/**
 * Sets that hold one input each of the same examples, as one set. Labels are the same in all.
 *
 * @throws EspalierError `invalid-data` when they differ in size
 */
export function joinInputs(inputs: readonly ModelTensor[], opened: readonly DataSplits[]): DataSplits {
  const join = (split: keyof DataSplits): DataSet =>
    joinSets(
      inputs,
      opened.map((splits) => splits[split]),
    );
  return { train: join('train'), validation: join('validation'), test: join('test') };
}

function joinSets(inputs: readonly ModelTensor[], sets: readonly DataSet[]): DataSet {
  const [first] = sets;
  if (first === undefined) throw new RangeError('a data set has an input');
  const odd = sets.findIndex((set) => set.size !== first.size);
  if (odd >= 0) {
    const [one, other] = [0, odd].map((index) => `"${plainName(inputs[index]?.name ?? '')}"`);
    throw new EspalierError('invalid-data', `${one} has ${first.size} examples, but ${other} has ${sets[odd]?.size ?? 0}`, {
      where: `${first.name} set`,
      fix: 'store the inputs of the same examples in the same order',
    });
  }
  const target = joinedTarget(sets, first.target);
  return {
    ...first,
    inputShapes: sets.flatMap((set) => set.inputShapes),
    target,
    stored: joinedStored(sets),
    read: async (indices, epoch): Promise<Batch> => {
      const batches = await Promise.all(sets.map((set) => set.read(indices, epoch)));
      const [labelled] = batches;
      return {
        size: indices.length,
        inputs: batches.flatMap((batch) => batch.inputs),
        labels: labelled?.labels ?? new Int32Array(0),
        targets: isInput(target) ? sideBySide(batches) : (labelled?.targets ?? new Float32Array(0)),
      };
    },
  };
}

function joinedStored(sets: readonly DataSet[]): DataSet['stored'] {
  const stored = sets.flatMap((set) => set.stored ?? []);
  if (stored.length < sets.length) return undefined;
  return {
    steps: stored.flatMap(({ steps }) => steps),
    load: async (index) => (await Promise.all(stored.map((each) => each.load(index)))).flat(),
    prepare: (examples) => stored.flatMap((each, i) => each.prepare(examples.slice(i, i + 1))),
  };
}

/** An autoencoder gives back all its inputs, one behind the other. */
function joinedTarget(sets: readonly DataSet[], target: Target): Target {
  if (target.kind !== 'regression' || !isInput(target)) return target;
  return { ...target, size: sets.reduce((sum, set) => sum + (set.target.kind === 'regression' ? set.target.size : 0), 0) };
}

function isInput(target: Target): boolean {
  return target.kind === 'regression' && target.isInput === true;
}

/** `[size, a]`, `[size, b]` -> `[size, a + b]` */
function sideBySide(batches: readonly Batch[]): Float32Array {
  const parts = batches.map(({ targets, size }) => ({ targets, width: targets.length / Math.max(size, 1) }));
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const size = batches[0]?.size ?? 0;
  const joined = new Float32Array(size * width);
  let offset = 0;
  for (const part of parts) {
    for (let row = 0; row < size; row++) joined.set(part.targets.subarray(row * part.width, (row + 1) * part.width), row * width + offset);
    offset += part.width;
  }
  return joined;
}
