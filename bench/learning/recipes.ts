import { join } from 'node:path';
import type { DataSpec } from '../../src/core/data/spec/data-spec.ts';
import type { DataSet } from '../../src/core/data/dataset.ts';
import { inputsOf } from '../../src/core/data/inputs/model-inputs.ts';
import { openData } from '../../src/core/data/open-data.ts';
import { dsCnn } from '../../src/core/models/ds-cnn.ts';
import { mnistCnn } from '../../src/core/models/mnist-cnn.ts';
import { mobileNetV1 } from '../../src/core/models/mobilenet-v1.ts';
import { resnet8 } from '../../src/core/models/resnet-8.ts';
import type { Network } from '../../src/core/network/network.ts';

export const batchSize = 32;

export interface Recipe {
  /** Under the folder of test data. */
  readonly folder: string;
  readonly spec: DataSpec;
  build(seed: number): Network;
  /** Of Adam, constant. */
  readonly rate: number;
  readonly epochs: number;
}

const pictures: DataSpec = {
  format: 'images',
  train: 'cifar10_jpg_train.tar.gz',
  test: 'cifar10_jpg_test.tar.gz',
  validation: 0,
  preprocessing: { scale: 1 / 255 },
};

export const recipes: Readonly<Record<string, Recipe>> = {
  mnist: {
    folder: 'mnist',
    spec: { format: 'idx', folder: '.', validation: 0 },
    build: (seed) => mnistCnn({ seed }),
    rate: 1e-3,
    epochs: 5,
  },
  cifar10: { folder: 'cifar10', spec: pictures, build: (seed) => resnet8({ seed }), rate: 1e-3, epochs: 3 },
  'cifar10-mobilenet': {
    folder: 'cifar10',
    spec: pictures,
    build: (seed) => mobileNetV1({ alpha: 0.25, inputSize: 32, classes: 10, seed }),
    rate: 1e-3,
    epochs: 3,
  },
  fsdd: {
    folder: 'fsdd',
    spec: {
      format: 'audio',
      folder: 'fsdd_recordings.tar.gz',
      pattern: '<class>_<speaker>_<n>.wav',
      testWhere: { field: 'n', values: ['0', '1', '2', '3', '4'] },
      validation: 0,
    },
    build: (seed) => dsCnn({ size: 'L', classes: 10, seed }),
    rate: 1e-3,
    epochs: 8,
  },
};

export interface RecipeData {
  readonly train: DataSet;
  readonly test: DataSet;
}

/** @param examples at most so many for training, and a fifth as many for the test */
export async function openRecipe(recipe: Recipe, folder: string, seed: number, examples: number): Promise<RecipeData> {
  const network = recipe.build(seed);
  const limit = Number.isFinite(examples) ? { limit: { train: examples, test: Math.ceil(examples / 5) } } : {};
  const modelInputs = inputsOf(network);
  return openData({ ...recipe.spec, ...limit }, join(folder, recipe.folder), { seed, modelInputs });
}
