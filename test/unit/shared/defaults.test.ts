/** The editor shows the defaults that the optimizer uses. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  defaultAveraging,
  defaultCalibrationSamples,
  defaultClusters,
  defaultDistillation,
  defaultFreezeRangesAfter,
  defaultSchedule,
  defaultSparsity,
  trainingDefaults,
} from '../../../src/shared/recipe/defaults.ts';

interface Schema {
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, { readonly default?: unknown }>> }>>;
}

const schema: Schema = JSON.parse(readFileSync(new URL('../../../schemas/recipe.schema.json', import.meta.url), 'utf8'));

it.each([
  ['PruningOptions', { sparsity: defaultSparsity }],
  ['ClusteringOptions', { clusters: defaultClusters }],
  ['PruningScheduleOptions', defaultSchedule],
  ['PostTrainingQuantizationOptions', { calibrationSamples: defaultCalibrationSamples }],
  ['QuantizationAwareTrainingOptions', { freezeRangesAfter: defaultFreezeRangesAfter }],
  ['Distillation', defaultDistillation],
  ['AveragingOptions', defaultAveraging],
  ['TrainingOptions', { batchSize: trainingDefaults.float.batchSize }],
])('the schema of %s has the defaults of the code', (name, defaults) => {
  const shown = Object.entries(defaults).map(([field]) => [field, schema.definitions[name]?.properties?.[field]?.default]);
  expect(Object.fromEntries(shown)).toEqual(defaults);
});

it('every training has the batch size that the schema shows', () => {
  const sizes = Object.values(trainingDefaults).map(({ batchSize }): number => batchSize);
  expect(new Set(sizes)).toEqual(new Set([trainingDefaults.float.batchSize]));
});
