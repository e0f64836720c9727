/** Labels of one output, or of several by name, as the labels of a source. */
import { EspalierError } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { ExampleSource } from '../example-source.ts';
import { findOutput, plainName } from '../inputs/model-inputs.ts';
import type { ArrayTask } from '../spec/array-specs.ts';
import type { ByOutput } from '../spec/by-input.ts';
import { type ArrayLabels, type LabelReading, readTarget, targetWithoutLabels } from './array-target.ts';
import type { NpyArray } from './npy-array.ts';

/** An array, or one for each output by its name; undefined where there are no labels. */
export type LabelArrays = NpyArray | ReadonlyMap<string, NpyArray> | undefined;

export interface OutputLabelling {
  readonly task: ArrayTask | ByOutput<ArrayTask> | undefined;
  readonly classCount: number | undefined;
  readonly outputs: readonly ModelTensor[] | undefined;
}

/** @throws EspalierError `invalid-data` for a name that is no output's, and as `readTarget` does */
export function readLabels(
  arrays: LabelArrays,
  size: number,
  inputLength: number,
  labelling: OutputLabelling,
): Pick<ExampleSource, 'target' | 'labels' | 'loadLabels' | 'targets'> {
  const { task, outputs } = labelling;
  if (arrays === undefined) return targetWithoutLabels(typeof task === 'object' ? undefined : task, inputLength);
  if (isOne(arrays)) return readTarget(requireRows(arrays, size), size, inputLength, readingOf(labelling, undefined, outputs?.[0]));
  const named = [...arrays].map(([name, array], place) => {
    const output = outputs === undefined ? place : findOutput(outputs, name, { kind: 'invalid-data', where: 'data.trainLabels' });
    return {
      name: plainName(name),
      output,
      ...readTarget(requireRows(array, size), size, inputLength, readingOf(labelling, name, outputs?.[output])),
    };
  });
  return {
    target: { kind: 'outputs', outputs: named.map(({ name, output, target }) => ({ name, output, target })) },
    ...joinLabels(named, size),
    targets: sideBySide(
      named.map(({ targets }) => targets),
      size,
      (length) => new Float32Array(length),
    ),
  };
}

function isOne(arrays: NpyArray | ReadonlyMap<string, NpyArray>): arrays is NpyArray {
  return 'bytes' in arrays;
}

function readingOf({ task, classCount }: OutputLabelling, name: string | undefined, output: ModelTensor | undefined): LabelReading {
  const own = typeof task === 'object' ? (name === undefined ? undefined : task[name]) : task;
  return { task: own, classCount, outputShape: output?.shape };
}

function requireRows(labels: NpyArray, size: number): NpyArray {
  if (labels.shape[0] !== size)
    throw new EspalierError('invalid-data', `it has ${labels.shape[0] ?? 0} entries for ${size} examples`, {
      where: labels.where,
      fix: 'take inputs and labels of the same set',
    });
  return labels;
}

/** Labels of an example lie one behind the other, output by output. */
function joinLabels(named: readonly ArrayLabels[], size: number): Pick<ExampleSource, 'labels' | 'loadLabels'> {
  if (named.every(({ loadLabels }) => loadLabels === undefined))
    return {
      labels: sideBySide(
        named.map(({ labels }) => labels),
        size,
        (length) => new Int32Array(length),
      ),
    };
  return {
    labels: new Int32Array(0),
    loadLabels: (index) => {
      const rows = named.map(
        ({ labels, loadLabels }) => loadLabels?.(index) ?? labels.subarray(index, labels.length === 0 ? index : index + 1),
      );
      return sideBySide(rows, 1, (length) => new Int32Array(length));
    },
  };
}

/** `[size, a]`, `[size, b]` -> `[size, a + b]` */
export function sideBySide<Values extends Int32Array | Float32Array>(
  parts: readonly Values[],
  size: number,
  make: (length: number) => Values,
): Values {
  const widths = parts.map(({ length }) => length / Math.max(size, 1));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const joined = make(size * width);
  let offset = 0;
  parts.forEach((part, index) => {
    const own = widths[index] ?? 0;
    for (let row = 0; row < size; row++) joined.set(part.subarray(row * own, (row + 1) * own), row * width + offset);
    offset += own;
  });
  return joined;
}
