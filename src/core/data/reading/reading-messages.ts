import type { ErrorCode } from '../../errors.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import type { DataSpec } from '../spec/data-spec.ts';
import type { Batch, DataSplits } from '../dataset.ts';

/** The data for the thread to open: the same, with the same seed, as in the thread that sends requests. */
export interface ReadingData {
  readonly spec: DataSpec;
  readonly folder: string;
  readonly seed: number;
  readonly modelInputs: readonly ModelTensor[] | undefined;
  readonly modelOutputs?: readonly ModelTensor[] | undefined;
  readonly examplesFolder?: string | undefined;
}

export interface ReadRequest {
  readonly id: number;
  readonly split: keyof DataSplits;
  readonly indices: Uint32Array;
  readonly epoch: number | undefined;
}

export interface ReadingFailure {
  /** Undefined for what is not an `EspalierError`. */
  readonly code: ErrorCode | undefined;
  /** Whole: with place and remedy. */
  readonly message: string;
}

export type ReadingReply =
  | { readonly kind: 'batch'; readonly id: number; readonly batch: Batch }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: ReadingFailure };
