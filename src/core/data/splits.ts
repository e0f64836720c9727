import { createRandom, shuffle } from '../random.ts';
import type { ExampleSource } from './example-source.ts';
import { selectExamples } from './example-source.ts';

/**
 * Parts `count` examples off, classes in their proportions, as a function of the seed alone. Both parts keep the
 * order of the source.
 */
export function partOff(
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
export function limitExamples(source: ExampleSource, count: number | undefined, seed: number): ExampleSource {
  return count === undefined || count >= source.size ? source : partOff(source, count, seed, { rest: source.name, part: source.name }).part;
}

/** A set that is sorted by class is mixed: calibration takes its first examples as representative of all. */
export function mixClasses(source: ExampleSource, seed: number): ExampleSource {
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
    const label = source.labels[index] ?? 0;
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
