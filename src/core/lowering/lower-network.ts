import type { Network, ParameterId, ValueId } from '../network/network.ts';
import type { BatchNorm } from '../network/operations.ts';
import type { Operand, ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { LoweredValue } from './lowered-value.ts';
import { type DropoutMask, LoweringContext, type LoweringMode } from './lowering-context.ts';
import { pooledTiles } from './pooled-tiles.ts';
import { lowerOperation } from './lower-operation.ts';

export interface LoweringOptions {
  readonly batchSize: number;
  readonly mode: LoweringMode;
  /** One tensor `[batchSize, ...shape]` for each of the network's inputs, in their order. */
  readonly inputs: readonly Tensor[];
  /** A batch norm whose gamma and beta are both frozen uses its stored statistics even in training. */
  readonly frozen?: ReadonlySet<ParameterId>;
  /** The tensor of a parameter, in the network's own layout: a constant, an input, or a constrained weight. */
  parameter(id: ParameterId): Tensor;
  /** Weight of a batch norm's old statistics in training, instead of its own momentum. */
  momentum?(operation: BatchNorm): Operand;
  /** Replaces values as they are computed (inputs too): where fake quantization goes in. */
  transform?(id: ValueId, value: LoweredValue): LoweredValue;
}

export interface LoweredNetwork {
  readonly values: ReadonlyMap<ValueId, LoweredValue>;
  /** New running statistics `[c]` of batch norms, by parameter; empty unless the mode is `training`. */
  readonly statistics: ReadonlyMap<ParameterId, Tensor>;
  /** Masks that the training loop must supply at each training step. */
  readonly dropouts: readonly DropoutMask[];
}

/** Appends the network to a program. Every value stays accessible; what is not used is removed by `optimize`. */
export function lowerNetwork(builder: ProgramBuilder, network: Network, options: LoweringOptions): LoweredNetwork {
  const context = new LoweringContext(builder, { ...options, tiles: pooledTiles(network) });
  const define = (id: ValueId, value: LoweredValue): void => {
    context.values.set(id, options.transform?.(id, value) ?? value);
  };
  network.inputs.forEach((id, index) => {
    const tensor = options.inputs[index];
    if (tensor === undefined) throw new RangeError(`no tensor for input "${id}"`);
    define(id, context.batchMajor(shapeOf(network, id), tensor));
  });
  for (const operation of network.operations)
    define(operation.output, lowerOperation(context, operation, shapeOf(network, operation.output)));
  return { values: context.values, statistics: context.statistics, dropouts: context.dropouts };
}

export function shapeOf(network: Network, id: ValueId): readonly number[] {
  const value = network.values.get(id);
  if (value === undefined) throw new RangeError(`network "${network.name}" has no value "${id}"`);
  return value.shape;
}
