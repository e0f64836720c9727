/**
 * The table of measures: one row each. Targets, columns of tables, axes of plots, the headline, budgets and reports are
 * generated from it. A new measure is a row here, its figure in `NodeMetrics`, its target (where it has one) in
 * `shared/recipe/targets.ts`, and its Chinese words in
 * `l10n/bundle.l10n.zh-cn.json` (English is the key).
 */
import { qualityTable, qualityValue } from './qualities.ts';
import type { Targets } from './recipe/targets.ts';
import type { NodeMetrics } from './results.ts';

/** The compiler requires a row for each. */
export type MeasureId =
  'accuracy' | 'raw' | 'gzip' | 'zstd' | 'brotli' | 'packed' | 'ethosU' | 'ram' | 'flash' | 'macs' | 'cycles' | 'latency';

/** How a figure is formatted. */
export type MeasureUnit = 'fraction' | 'bytes' | 'milliseconds' | 'count';

export interface MeasureRow {
  /** Name in columns, axes and the headline; translated. */
  readonly title: string;
  /** Name in the narrow columns of a terminal, with the unit where the figure shows none. */
  readonly short: string;
  /** What it is, and where it was measured; translated. */
  readonly description: string;
  /** Column name in CSV and JSON, with the unit. */
  readonly column: string;
  readonly unit: MeasureUnit;
  readonly better: 'lower' | 'higher';
  /** What it is computed from: the bytes of the node's file alone, or by running them. */
  readonly source: 'file' | 'run';
  readonly certainty: 'exact' | 'estimate';
  /** The runtime, compressor or tool that gives it. */
  readonly by: string;
  /** Which implementation of it, where files of others differ. */
  readonly implementation?: string;
  /** Undefined where it was not measured. */
  readonly value: (metrics: NodeMetrics) => number | undefined;
  /** The measure that it makes smaller: tables show the part that it saves. */
  readonly savesOf?: MeasureId;
  /** Left out of the headline, the terminal's table and the guide's; in the tables of panel and reports, in CSV and on axes. */
  readonly isDetail?: true;
  /** The target of the recipe: the largest value of a file, or for accuracy the largest loss. */
  readonly target?: { readonly key: keyof Targets; readonly name: string };
}

export const measureTable: Readonly<Record<MeasureId, MeasureRow>> = {
  // Of the measure that the task has: see `shownTitle` and `shared/qualities.ts`.
  accuracy: {
    title: 'INT8 top-1',
    short: 'INT8 (LiteRT)',
    description: 'Measured by running the bytes of the .tflite',
    column: 'deployed_top1',
    unit: 'fraction',
    better: 'higher',
    source: 'run',
    certainty: 'exact',
    by: 'LiteRT',
    value: ({ deployed }) => qualityValue(deployed),
    target: { key: 'accuracyDrop', name: 'accuracy drop' },
  },
  raw: {
    title: 'Size',
    short: 'bytes',
    description: 'Bytes of the .tflite',
    column: 'raw_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: '.tflite',
    value: ({ sizes }) => sizes?.raw,
    target: { key: 'fileBytes', name: 'file size' },
  },
  gzip: {
    title: 'Compressed',
    short: 'gzip',
    description: 'gzip -9',
    column: 'gzip_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: 'gzip -9',
    implementation: 'zlib as ported by pako 3.0.3',
    value: ({ sizes }) => sizes?.gzip,
    savesOf: 'raw',
    target: { key: 'compressedBytes', name: 'compressed size' },
  },
  zstd: {
    title: 'zstd',
    short: 'zstd',
    description: 'zstd -19',
    column: 'zstd_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: 'zstd -19',
    implementation: 'zstd 1.5.7',
    value: ({ sizes }) => sizes?.zstd,
    savesOf: 'raw',
    isDetail: true,
  },
  brotli: {
    title: 'Brotli',
    short: 'brotli',
    description: 'Brotli of quality 11',
    column: 'brotli_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: 'Brotli 11',
    implementation: 'the one of Node',
    value: ({ sizes }) => sizes?.brotli,
    savesOf: 'raw',
    isDetail: true,
  },
  packed: {
    title: 'Packed',
    short: 'packed',
    description: 'Bytes of the .tflite with its kernels encoded for TFLite Micro',
    column: 'packed_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: 'TFLM_DECODE',
    value: ({ sizes }) => sizes?.packed,
    savesOf: 'raw',
    target: { key: 'packedBytes', name: 'packed size' },
  },
  ethosU: {
    title: 'Ethos-U',
    short: 'Ethos-U',
    description: 'Kernels, scales and biases as an Ethos-U reads them',
    column: 'ethos_u_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'estimate',
    by: 'model of the compiler',
    value: ({ hardware }) => hardware?.ethosUBytes,
    isDetail: true,
    target: { key: 'ethosUBytes', name: 'Ethos-U size' },
  },
  ram: {
    title: 'RAM',
    short: 'RAM',
    description: 'Tensor arena of TFLite Micro, on the chosen target where there is one',
    column: 'ram_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'estimate',
    by: 'TFLite Micro',
    value: ({ hardware }) => hardware?.ramBytes,
    target: { key: 'ramBytes', name: 'RAM' },
  },
  flash: {
    title: 'Flash',
    short: 'flash',
    description: 'The plain .tflite and an estimate of the code that runs it',
    column: 'flash_bytes',
    unit: 'bytes',
    better: 'lower',
    source: 'file',
    certainty: 'estimate',
    by: 'TFLite Micro',
    value: ({ hardware }) => hardware?.flashBytes,
    isDetail: true,
    target: { key: 'flashBytes', name: 'flash' },
  },
  macs: {
    title: 'MACs',
    short: 'MACs',
    description: 'Multiply-accumulates of one inference',
    column: 'macs',
    unit: 'count',
    better: 'lower',
    source: 'file',
    certainty: 'exact',
    by: '.tflite',
    value: ({ hardware }) => hardware?.macs,
    isDetail: true,
    target: { key: 'macs', name: 'multiply-accumulates' },
  },
  cycles: {
    title: 'Cycles',
    short: 'cycles',
    description: 'Cycles of one inference on the chosen target, processor and NPU together',
    column: 'cycles',
    unit: 'count',
    better: 'lower',
    source: 'file',
    certainty: 'estimate',
    by: 'model of the target',
    value: ({ hardware }) => hardware?.cycles,
    target: { key: 'cycles', name: 'cycles' },
  },
  latency: {
    title: 'Latency',
    short: 'latency',
    description: 'Median of one inference on this machine',
    column: 'latency_ms',
    unit: 'milliseconds',
    better: 'lower',
    source: 'run',
    certainty: 'exact',
    by: 'LiteRT',
    value: ({ latency }) => latency?.medianMilliseconds,
    target: { key: 'latencyMilliseconds', name: 'latency' },
  },
};

/** In the order of columns. */
export const measureIds: readonly MeasureId[] = Object.keys(measureTable).filter(isMeasure);

/** Without details, for where there is little room. */
export const mainMeasures: readonly MeasureId[] = measureIds.filter((id) => measureTable[id].isDetail !== true);

export function isMeasure(id: string): id is MeasureId {
  return Object.hasOwn(measureTable, id);
}

/** Something for each measure. */
export function mapMeasures<T>(each: (id: MeasureId) => T): Readonly<Record<MeasureId, T>> {
  return {
    accuracy: each('accuracy'),
    raw: each('raw'),
    gzip: each('gzip'),
    zstd: each('zstd'),
    brotli: each('brotli'),
    packed: each('packed'),
    ethosU: each('ethosU'),
    ram: each('ram'),
    flash: each('flash'),
    macs: each('macs'),
    cycles: each('cycles'),
    latency: each('latency'),
  };
}

export function measureRow(id: MeasureId): MeasureRow {
  return measureTable[id];
}

/** The measure that files are ranked by unless another one is asked for. */
export const sizeMeasure: MeasureId = 'gzip';

/** All but accuracy: what accuracy is set against in plots, and what the headline compares with the trained model. */
export const costMeasures: readonly MeasureId[] = measureIds.filter((id) => id !== 'accuracy');

/** Every text that needs a translation. */
export function measureTexts(): readonly string[] {
  return measureIds
    .flatMap((id) => {
      const { title, description, target } = measureTable[id];
      return [title, description, ...(target === undefined ? [] : [target.name])];
    })
    .concat(Object.values(qualityTable).flatMap((row) => [row.title, row.int8Title, row.simulatedTitle, row.lossName, row.description]));
}
