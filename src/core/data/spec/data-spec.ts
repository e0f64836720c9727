/**
 * What a recipe's `data` block or a `--data` file says: where the examples are, how they are split, and what happens to
 * them before the model sees them. Plain JSON; the recipe's schema is generated from these types. Paths are relative to
 * the file that holds the block.
 */
import type { NpyDataSpec, NpzDataSpec } from './array-specs.ts';
import type { AudioDataSpec } from './audio-spec.ts';
import type { CifarBinaryDataSpec } from './cifar-binary-spec.ts';
import type { CsvDataSpec } from './csv-spec.ts';
import type { GeneratedDataSpec } from './generated-spec.ts';
import type { IdxDataSpec } from './idx-spec.ts';
import type { ImageDataSpec } from './image-spec.ts';
import type { RawDataSpec } from './raw-spec.ts';

/** A data set, by its format. */
export type DataSpec =
  | IdxDataSpec
  | CifarBinaryDataSpec
  | ImageDataSpec
  | AudioDataSpec
  | NpyDataSpec
  | NpzDataSpec
  | CsvDataSpec
  | RawDataSpec
  | GeneratedDataSpec;

export type DataFormat = DataSpec['format'];
