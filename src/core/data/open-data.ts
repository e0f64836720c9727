import { EspalierError, unreachable } from '../errors.ts';
import type { ModelTensor } from '../network/model-interface.ts';
import { checkOptions } from './check-options.ts';
import type { DataSet, DataSplits } from './dataset.ts';
import type { ExampleSource, Sound, SourceSplits } from './example-source.ts';
import { unlabelledSplits } from './without-labels.ts';
import { openAudioFolder } from './formats/audio-folder.ts';
import { openCifarBinary } from './formats/cifar-binary.ts';
import { openCsv } from './formats/csv.ts';
import { openIdx } from './formats/idx.ts';
import { openImageFolder } from './formats/image-folder.ts';
import { openNpy, openNpz } from './formats/numpy.ts';
import { openRaw } from './formats/raw-tensors.ts';
import { openGenerated } from './generated/open-generated.ts';
import { findValue, requireSingleInput, type SelectedInput } from './inputs/input-values.ts';
import { followsImage } from './images/decode-mask.ts';
import { KeptExamples } from './kept-examples.ts';
import { joinInputs } from './inputs/join-inputs.ts';
import { plainName } from './inputs/model-inputs.ts';
import { normalisationNamed } from './preprocessing/named-normalisations.ts';
import { createPipeline, measureChannels } from './preprocessing/create-pipeline.ts';
import type { Pipeline, PipelineOptions } from './preprocessing/pipeline.ts';
import type { InputPreprocessing, Normalisation } from './preprocessing/preprocessing.ts';
import { preparedDataSet } from './prepared-dataset.ts';
import type { DataSpec } from './spec/data-spec.ts';
import type { Target } from './target.ts';
import { boundTargets } from './targets.ts';
import { splitSources } from './splits.ts';

export interface OpenDataOptions {
  /** Of the run: which examples are held back for validation, and augmentation. */
  readonly seed: number;
  /** Images are resized, and all data reshaped, to what the model takes. One input without it. */
  readonly modelInputs?: readonly ModelTensor[] | undefined;
  /** Labels of several outputs are found by their names, and masks by the shape of theirs. */
  readonly modelOutputs?: readonly ModelTensor[] | undefined;
  readonly onWarning?: (message: string) => void;
  /** A folder where decoded and resized images are kept; without it they are kept in memory only. */
  readonly examplesFolder?: string | undefined;
}

/**
 * Opens the data that a spec describes.
 *
 * @param folder what the spec's paths are relative to
 * @throws EspalierError when files are missing or damaged, or do not fit the model
 */
export async function openData(spec: DataSpec, folder: string, options: OpenDataOptions): Promise<DataSplits> {
  checkOptions(spec);
  const { modelInputs = [] } = options;
  const [input] = modelInputs;
  if (modelInputs.length < 2) return openInput(spec, folder, options, input && { input, all: modelInputs });
  // The same file may be opened for each.
  const warnings = new Set<string>();
  const perInput: OpenDataOptions = { ...options, onWarning: (message) => void warnings.add(message) };
  const cacheMegabytes = (spec.cacheMegabytes ?? defaultCacheMegabytes) / modelInputs.length;
  const opened: DataSplits[] = [];
  for (const each of modelInputs)
    opened.push(await openInput({ ...spec, cacheMegabytes }, folder, perInput, { input: each, all: modelInputs }));
  for (const warning of warnings) options.onWarning?.(warning);
  return joinInputs(modelInputs, opened);
}

const defaultCacheMegabytes = 512;

/** The examples of one input of the model. */
async function openInput(
  spec: DataSpec,
  folder: string,
  options: OpenDataOptions,
  selected: SelectedInput | undefined,
): Promise<DataSplits> {
  const kept = options.examplesFolder === undefined ? undefined : new KeptExamples(options.examplesFolder);
  const found = await openSources(spec, folder, selected, options.modelOutputs, kept);
  const sources = spec.labelled === false ? unlabelledSplits(found) : found;
  for (const warning of sources.warnings) options.onWarning?.(warning);
  const splits = splitSources(spec, sources, options.seed);
  const { normalise, ...preprocessing } = preprocessingOf(spec, selected);
  const backgroundSounds = spec.augmentation?.backgroundNoise === undefined ? [] : await readBackground(sources);
  const pipelineOptions = (normalisation: Normalisation | undefined): PipelineOptions => ({
    name:
      selected === undefined || selected.all.length < 2
        ? `${spec.format} data`
        : `${spec.format} data of "${plainName(selected.input.name)}"`,
    shape: splits.train.shape,
    preprocessing,
    normalisation,
    augmentation: spec.augmentation ?? {},
    backgroundSounds,
    modelInputShape: selected?.input.shape,
    remarks: sources.warnings,
  });
  const normalisation =
    normalise === 'training'
      ? await measureChannels(splits.train, createPipeline(splits.train.kind, pipelineOptions(undefined)), kept)
      : typeof normalise === 'string'
        ? normalisationNamed(normalise)
        : normalise;
  const pipeline = createPipeline(splits.train.kind, pipelineOptions(normalisation));
  checkMaskAugmentation(spec, sources.train.target, pipeline);
  const cacheBytes = (spec.cacheMegabytes ?? defaultCacheMegabytes) * 1e6;
  const total = splits.train.size + splits.validation.size + splits.test.size;
  const prepare = (source: ExampleSource, augmentationSeed?: number): DataSet =>
    preparedDataSet({ source, pipeline, cacheBytes: (cacheBytes * source.size) / Math.max(total, 1), kept, augmentationSeed });
  return {
    train: prepare(splits.train, spec.augmentation === undefined ? undefined : options.seed),
    validation: prepare(splits.validation),
    test: prepare(splits.test),
  };
}

/** Masks follow their images, which they can in the same proportions only. */
function checkMaskAugmentation({ augmentation }: DataSpec, target: Target, { inputShape, steps }: Pipeline): void {
  const moves = augmentation !== undefined && ((augmentation.flip ?? false) || (augmentation.shift ?? 0) > 0);
  const [height = 1, width = 1] = inputShape;
  const stays = (positions: number): boolean => steps.kind !== 'image' || !followsImage(positions, [height, width]);
  if (moves && boundTargets(target).some((each) => each.target.kind === 'classMap' && stays(each.target.positions)))
    throw new EspalierError('invalid-data', '"flip" and "shift" would move images, but not masks of other proportions', {
      where: 'data.augmentation',
      fix: 'leave them out; "noise" can stay',
    });
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

function preprocessingOf({ preprocessing = {} }: DataSpec, selected: SelectedInput | undefined): InputPreprocessing {
  const { inputs, ...common } = preprocessing;
  return { ...common, ...(inputs === undefined ? undefined : findValue(inputs, selected, 'preprocessing.inputs')) };
}

async function openSources(
  spec: DataSpec,
  folder: string,
  selected: SelectedInput | undefined,
  outputs: readonly ModelTensor[] | undefined,
  kept: KeptExamples | undefined,
): Promise<SourceSplits> {
  switch (spec.format) {
    case 'npy':
      return openNpy(spec, folder, selected, outputs);
    case 'npz':
      return openNpz(spec, folder, selected, outputs);
    case 'csv':
      return openCsv(spec, folder, selected, outputs);
    case 'raw':
      return openRaw(spec, folder, selected, outputs);
    default:
      requireSingleInput(spec.format, selected);
      return openSingleInput(spec, folder, outputs, kept);
  }
}

/** Formats whose examples are one image, sound or pattern each. */
type SingleInputSpec = Exclude<DataSpec, { readonly format: 'npy' | 'npz' | 'csv' | 'raw' }>;

async function openSingleInput(
  spec: SingleInputSpec,
  folder: string,
  outputs: readonly ModelTensor[] | undefined,
  kept: KeptExamples | undefined,
): Promise<SourceSplits> {
  switch (spec.format) {
    case 'idx':
      return openIdx(spec, folder);
    case 'cifar-binary':
      return openCifarBinary(spec, folder);
    case 'images':
      return openImageFolder(spec, folder, outputs, kept);
    case 'audio':
      return openAudioFolder(spec, folder);
    case 'generated':
      return openGenerated(spec);
    default:
      return unreachable(spec);
  }
}
