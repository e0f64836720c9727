import type { Network, ValueId } from '../network/network.ts';
import type { Pair, Pool2d } from '../network/operations.ts';
import { usesOf } from '../network/passes/rewrite.ts';
import { windowPads } from './padding.ts';

/**
 * The values of which max pooling of tiles is the only use, perhaps behind a rectifier, with the size of these tiles. A
 * convolution may compute them place by place, so that the pooling is a maximum of tensors.
 */
export function pooledTiles(network: Network): ReadonlyMap<ValueId, Pair> {
  const uses = usesOf(network);
  const sizeOf = (id: ValueId): Pair | undefined => {
    const reader = uses.soleConsumer(id);
    if (reader === undefined) return undefined;
    if (reader.kind === 'activation' && (reader.function === 'relu' || reader.function === 'relu6')) return sizeOf(reader.output);
    const [h = 1, w = 1] = network.values.get(id)?.shape ?? [];
    return reader.kind === 'pool2d' && reader.function === 'max' && areTiles(reader, [h, w]) ? reader.size : undefined;
  };
  const tiles = network.operations.flatMap(({ output }) => {
    const size = sizeOf(output);
    return size === undefined ? [] : [[output, size] as const];
  });
  return new Map(tiles);
}

/** Whether windows lie side by side and cover the whole image. */
export function areTiles({ size, strides, padding }: Pick<Pool2d, 'size' | 'strides' | 'padding'>, image: Pair): boolean {
  return (
    windowPads(image, size, strides, [1, 1], padding).every((pad) => pad === 0) &&
    [0, 1].every((axis) => size[axis] === strides[axis] && (image[axis] ?? 1) % (size[axis] ?? 1) === 0)
  );
}
