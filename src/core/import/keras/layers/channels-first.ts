import type { ValueId } from '../../../network/network.ts';
import type { LayerContext } from '../layer-converter.ts';

/**
 * Runs `apply` on `[h, w, c]` (or `[length, c]`) whatever the layer's data format: a channels-first layer gets
 * permutations around it, which `removePermutations` cancels between neighbours.
 */
export function inChannelsLast(context: LayerContext, input: ValueId, apply: (input: ValueId) => ValueId): ValueId {
  if (!context.config.channelsFirst()) return apply(input);
  const { builder, layer } = context;
  const rank = builder.shapeOf(input).length;
  const toLast = Array.from({ length: rank }, (_, axis) => (axis + 1) % rank);
  const output = apply(builder.permute(layer, input, toLast));
  return builder.shapeOf(output).length === rank ? builder.permute(layer, output, toChannelsFirst(rank)) : output;
}

export function toChannelsFirst(rank: number): readonly number[] {
  return [rank - 1, ...Array.from({ length: rank - 1 }, (_, axis) => axis)];
}
