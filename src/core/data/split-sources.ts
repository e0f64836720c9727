import { EspalierError } from '../errors.ts';
import { limitsOf } from './check-options.ts';
import { emptySource, type ExampleSource, type SourceSplits } from './example-source.ts';
import type { DataSpec } from './spec/data-spec.ts';
import { limitExamples, mixClasses, partOff } from './splits.ts';

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
