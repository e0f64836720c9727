import type { PackGoal } from '../../../shared/packing.ts';
import type { DataSplits } from '../../data/dataset.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Network, ValueId } from '../../network/network.ts';
import type { Range } from '../../quantize/quantization.ts';
import type { Loss } from '../../train/fine-tuning.ts';

/** What all stages of a model have in common. */
export interface StageSetting {
  readonly engine: Engine;
  readonly network: Network;
  /** Of activations, where the model's file states them. */
  readonly ranges?: ReadonlyMap<ValueId, Range> | undefined;
  readonly data: DataSplits;
  readonly loss: Loss;
  /** Another model that a stage learns from, by the path in its options, with what should be said of it. */
  readonly openTeacher: (path: string) => Promise<OpenedTeacher>;
  readonly seed: number;
  readonly latency: boolean;
  readonly pack: PackGoal | 'off';
  /** Integer files without the texts that no runtime needs. */
  readonly strip: boolean;
  /** The bundled evaluation thread; without it files are measured on this thread. */
  readonly threadScript: string | undefined;
  /** Processes that run stages at the same time, this one included: they share the memory. */
  readonly processes: number;
}

export interface OpenedTeacher {
  readonly network: Network;
  readonly warning: string | undefined;
}
