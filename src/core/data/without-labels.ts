import type { ExampleSource, SourceSplits } from './example-source.ts';

/** What a source without labels has: nothing is to be predicted but what the trained model gives. */
export const withoutLabels: Pick<ExampleSource, 'target' | 'labels' | 'loadLabels' | 'targets'> = {
  // An autoencoder's size is that of its prepared input.
  target: { kind: 'regression', size: 0, isImplied: true },
  labels: new Int32Array(0),
  loadLabels: undefined,
  targets: new Float32Array(0),
};

/** Labels that were read are forgotten. */
export function unlabelledSplits(splits: SourceSplits): SourceSplits {
  const unlabelled = (source: ExampleSource): ExampleSource => ({ ...source, ...withoutLabels });
  const { train, validation, test } = splits;
  return {
    ...splits,
    train: unlabelled(train),
    validation: validation && unlabelled(validation),
    test: test && unlabelled(test),
  };
}
