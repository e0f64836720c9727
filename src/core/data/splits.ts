import { EspalierError } from '../errors.ts';
import { createRandom, shuffle } from '../random.ts';
import { limitsOf } from './check-options.ts';
import type { ExampleSource, SourceSplits } from './example-source.ts';
import { emptySource, selectExamples } from './example-source.ts';
import type { DataSpec } from './spec/data-spec.ts';

/** Train, validation and test examples: a function of the spec, the number of examples and their labels alone. */
export function splitSources(
  spec: DataSpec,
  sources: SourceSplits,
  seed: number,
): { readonly train: ExampleSource; readonly validation: ExampleSource; readonly test: ExampleSource } {
  const splitSeed = spec.splitSeed ?? 0;
  const limits = limitsOf(spec);
  const testFraction = 'testFraction' in spec ? (spec.testFraction ?? 0.2) : 0.2;
  const withTest =
    sources.test !== undefined
      ? { rest: sources.train, part: sources.test }
      : partOff(sources.train, Math.round(sources.train.size * testFraction), splitSeed, { rest: 'train', part: 'test' });
  const train = mixClasses(limitExamples(withTest.rest, limits.train, splitSeed), splitSeed);
  const test = limitExamples(withTest.part, limits.test, splitSeed);
  if (train.size + test.size === 0)
    throw new EspalierError('invalid-data', 'it holds no examples', {
      where: `${spec.format} data`,
      fix: 'check the folder and pattern of the data spec',
    });
  const count = Math.round(train.size * (spec.validation ?? 0.1));
  const withValidation =
    sources.validation !== undefined
      ? { rest: train, part: sources.validation }
      : count === 0
        ? { rest: train, part: emptySource(train, 'validation') }
        : partOff(train, count, seed, { rest: 'train', part: 'validation' });
  return { train: withValidation.rest, validation: limitExamples(withValidation.part, limits.validation, splitSeed), test };
}

/**
 * Splits off `count` examples with classes in their proportions, as a function of the seed alone. Both parts keep the
 * order of the source.
 */
function partOff(
  source: ExampleSource,
  count: number,
  seed: number,
  names: { readonly rest: string; readonly part: string },
): { readonly rest: ExampleSource; readonly part: ExampleSource } {
  const chosen = chooseInProportion(source, count, seed);
  const rest = Uint32Array.from({ length: source.size }, (_, index) => index).filter((index) => chosen[index] === 0);
  const part = Uint32Array.from({ length: source.size }, (_, index) => index).filter((index) => chosen[index] === 1);
  return { rest: selectExamples(source, rest, names.rest), part: selectExamples(source, part, names.part) };
}

/** At most `count` examples, classes in their proportions. */
function limitExamples(source: ExampleSource, count: number | undefined, seed: number): ExampleSource {
  return count === undefined || count >= source.size ? source : partOff(source, count, seed, { rest: source.name, part: source.name }).part;
}

/** Shuffles a set that is sorted by class, since calibration takes its first examples. */
function mixClasses(source: ExampleSource, seed: number): ExampleSource {
  if (source.labels.length !== source.size) return source;
  const isSorted = source.labels.every((label, index) => index === 0 || label >= (source.labels[index - 1] ?? 0));
  if (source.labels.length === 0 || !isSorted || source.labels[0] === source.labels[source.labels.length - 1]) return source;
  return selectExamples(
    source,
    shuffle(
      Uint32Array.from({ length: source.size }, (_, index) => index),
      createRandom(seed),
    ),
  );
}

/** 1 for chosen examples. Each class gives its share rounded down; the largest remainders fill up to the exact count. */
function chooseInProportion(source: ExampleSource, count: number, seed: number): Uint8Array {
  const byClass = new Map<number, number[]>();
  for (let index = 0; index < source.size; index++) {
    // Only one class an example has proportions to keep.
    const label = source.labels.length === source.size ? (source.labels[index] ?? 0) : 0;
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [index]);
    else members.push(index);
  }
  const fraction = count / Math.max(source.size, 1);
  const shares = [...byClass]
    .sort(([a], [b]) => a - b)
    .map(([label, members]) => ({
      label,
      members,
      taken: Math.floor(members.length * fraction),
      remainder: (members.length * fraction) % 1,
    }));
  let missing = count - shares.reduce((sum, share) => sum + share.taken, 0);
  for (const share of [...shares].sort((a, b) => b.remainder - a.remainder || a.label - b.label)) {
    if (missing > 0 && share.taken < share.members.length) {
      share.taken++;
      missing--;
    }
  }
  const random = createRandom(seed);
  const chosen = new Uint8Array(source.size);
  for (const { members, taken } of shares) {
    for (const index of shuffle(Uint32Array.from(members), random).subarray(0, taken)) chosen[index] = 1;
  }
  return chosen;
}
