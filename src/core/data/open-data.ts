import { EspalierError, unreachable } from '../errors.ts';
import type { SplitLimits } from './spec/data-options.ts';
import type { DataSpec } from './spec/data-spec.ts';
import type { DataSet, DataSplits } from './dataset.ts';
import { emptySource, type ExampleSource, type Sound, type SourceSplits } from './example-source.ts';
import { openAudioFolder } from './formats/audio-folder.ts';
import { openCifarBinary } from './formats/cifar-binary.ts';
import { openCsv } from './formats/csv.ts';
import { openIdx } from './formats/idx.ts';
import { openImageFolder } from './formats/image-folder.ts';
import { openNpy, openNpz } from './formats/numpy.ts';
import { openRaw } from './formats/raw-tensors.ts';
import { openGenerated } from './generated/open-generated.ts';
import { measureChannels } from './preprocessing/measure-channels.ts';
import { createPipeline, type PipelineOptions } from './preprocessing/pipeline.ts';
import type { Normalisation } from './preprocessing/preprocessing.ts';
import { preparedDataSet } from './prepared-dataset.ts';
import { limitExamples, mixClasses, partOff } from './splits.ts';

export interface OpenDataOptions {
  /** Of the run: which examples are held back for validation, and augmentation. */
  readonly seed: number;
  /** Images are resized, and all data reshaped, to what the model takes. */
  readonly modelInputShape?: readonly number[];
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the data that a spec describes.
 *
 * @param folder what the spec's paths are relative to
 * @throws EspalierError when files are missing or damaged, or do not fit the model
 */
export async function openData(spec: DataSpec, folder: string, options: OpenDataOptions): Promise<DataSplits> {
  checkOptions(spec);
  const sources = await openSources(spec, folder);
  for (const warning of sources.warnings) options.onWarning?.(warning);
  const splits = splitSources(spec, sources, options.seed);
  const { normalise, ...preprocessing } = spec.preprocessing ?? {};
  const backgroundSounds = spec.augmentation?.backgroundNoise === undefined ? [] : await readBackground(sources);
  const pipelineOptions = (normalisation: Normalisation | undefined): PipelineOptions => ({
    name: `${spec.format} data`,
    shape: splits.train.shape,
    preprocessing,
    normalisation,
    augmentation: spec.augmentation ?? {},
    backgroundSounds,
    modelInputShape: options.modelInputShape,
  });
  const normalisation =
    normalise === 'training'
      ? await measureChannels(splits.train, createPipeline(splits.train.kind, pipelineOptions(undefined)))
      : normalise;
  const pipeline = createPipeline(splits.train.kind, pipelineOptions(normalisation));
  const cacheBytes = (spec.cacheMegabytes ?? 512) * 1e6;
  const total = splits.train.size + splits.validation.size + splits.test.size;
  const prepare = (source: ExampleSource, augmentationSeed?: number): DataSet =>
    preparedDataSet({ source, pipeline, cacheBytes: (cacheBytes * source.size) / Math.max(total, 1), augmentationSeed });
  return {
    train: prepare(splits.train, spec.augmentation === undefined ? undefined : options.seed),
    validation: prepare(splits.validation),
    test: prepare(splits.test),
  };
}

async function readBackground({ backgroundSounds }: SourceSplits): Promise<readonly Sound[]> {
  const sounds = (await backgroundSounds?.()) ?? [];
  if (sounds.length === 0)
    throw new EspalierError('invalid-data', 'there are no recordings of background noise to mix in', {
      where: 'data.augmentation.backgroundNoise',
      fix: 'put some into a folder and name it with "backgroundFolder", or use "noise" instead',
    });
  return sounds;
}

async function openSources(spec: DataSpec, folder: string): Promise<SourceSplits> {
  switch (spec.format) {
    case 'idx':
      return openIdx(spec, folder);
    case 'cifar-binary':
      return openCifarBinary(spec, folder);
    case 'images':
      return openImageFolder(spec, folder);
    case 'audio':
      return openAudioFolder(spec, folder);
    case 'npy':
      return openNpy(spec, folder);
    case 'npz':
      return openNpz(spec, folder);
    case 'csv':
      return openCsv(spec, folder);
    case 'raw':
      return openRaw(spec, folder);
    case 'generated':
      return openGenerated(spec);
    default:
      return unreachable(spec);
  }
}

function checkOptions(spec: DataSpec): void {
  const { format }: { readonly format: string } = spec;
  const known = ['idx', 'cifar-binary', 'images', 'audio', 'npy', 'npz', 'csv', 'raw', 'generated'];
  if (!known.includes(format))
    throw new EspalierError('invalid-data', `unknown data format ${JSON.stringify(format)}`, {
      where: 'data.format',
      fix: `use one of ${known.join(', ')}`,
    });
  const fractions = { validation: spec.validation, testFraction: 'testFraction' in spec ? spec.testFraction : undefined };
  for (const [field, value] of Object.entries(fractions)) {
    if (value !== undefined && !(value >= 0 && value < 1))
      throw new EspalierError('invalid-data', `${value} is not a fraction`, {
        where: `data.${field}`,
        fix: 'give a number from 0 to below 1, such as 0.1',
      });
  }
  for (const [split, value] of Object.entries(limitsOf(spec))) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new EspalierError('invalid-data', `a limit of ${String(value)} examples`, {
        where: `data.limit (${split})`,
        fix: 'give a whole number above 0',
      });
  }
}

function limitsOf(spec: DataSpec): SplitLimits {
  return typeof spec.limit === 'number' ? { train: spec.limit, validation: spec.limit, test: spec.limit } : (spec.limit ?? {});
}

function splitSources(
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
