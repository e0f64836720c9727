import type { ParameterId, Shape, ValueId } from '../network/network.ts';
import type { BatchNorm, Pair } from '../network/operations.ts';
import type { Operand, ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { LoweredValue, type Tiles } from './lowered-value.ts';

/** Inference uses stored batch-norm statistics and no dropout; `frozen` trains with the stored statistics too. */
export type LoweringMode = 'inference' | 'training' | 'trainingFrozenBatchNorm';

/** A mask that the training loop must supply: 0 with probability `rate`, else `1 / (1 - rate)`. */
export interface DropoutMask {
  readonly name: string;
  readonly tensor: Tensor;
  readonly rate: number;
}

export interface ContextOptions {
  readonly batchSize: number;
  readonly mode: LoweringMode;
  readonly frozen?: ReadonlySet<ParameterId>;
  parameter(id: ParameterId): Tensor;
  momentum?(operation: BatchNorm): Operand;
  /** Sizes of the tiles of which only the maxima are used, by value. */
  readonly tiles?: ReadonlyMap<ValueId, Pair>;
}

/** The program and settings that the lowering of one operation uses. */
export class LoweringContext {
  readonly builder: ProgramBuilder;
  readonly batchSize: number;
  readonly mode: LoweringMode;
  readonly values = new Map<ValueId, LoweredValue>();
  /** New running statistics of batch norms in training mode, by parameter. */
  readonly statistics = new Map<ParameterId, Tensor>();
  readonly dropouts: DropoutMask[] = [];
  readonly #frozen: ReadonlySet<ParameterId>;
  readonly #momentum: (operation: BatchNorm) => Operand;
  readonly #parameter: (id: ParameterId) => Tensor;
  readonly #tiles: ReadonlyMap<ValueId, Pair>;

  constructor(builder: ProgramBuilder, options: ContextOptions) {
    this.builder = builder;
    this.batchSize = options.batchSize;
    this.mode = options.mode;
    this.#frozen = options.frozen ?? new Set();
    this.#momentum = (operation) => options.momentum?.(operation) ?? operation.momentum;
    this.#parameter = (id) => options.parameter(id);
    this.#tiles = options.tiles ?? new Map();
  }

  value(id: ValueId): LoweredValue {
    const value = this.values.get(id);
    if (value === undefined) throw new Error(`value "${id}" is used before it is computed`);
    return value;
  }

  /** Weight of a batch norm's old statistics in the moving average. */
  momentum(operation: BatchNorm): Operand {
    return this.#momentum(operation);
  }

  isFrozen(id: ParameterId): boolean {
    return this.#frozen.has(id);
  }

  /** In the layout that the network keeps it in. */
  parameter(id: ParameterId): Tensor {
    return this.#parameter(id);
  }

  /** Of which only the maxima are used. */
  tilesOf(id: ValueId): Pair | undefined {
    return this.#tiles.get(id);
  }

  tiled(shape: Shape, tiles: Tiles): LoweredValue {
    return LoweredValue.tiled(this.builder, this.batchSize, shape, tiles);
  }

  channelsMajor(shape: Shape, tensor: Tensor): LoweredValue {
    return LoweredValue.channelsMajor(this.builder, this.batchSize, shape, tensor);
  }

  batchMajor(shape: Shape, tensor: Tensor): LoweredValue {
    return LoweredValue.batchMajor(this.builder, this.batchSize, shape, tensor);
  }
}
