import { EspalierError } from '../../errors.ts';

/**
 * How stored examples are rearranged for the model. Importers convert every image input to channels last, also of models
 * whose channels come first; arrays made for such a model, or by PyTorch, have channels first.
 */
export type AxisOrder =
  | { readonly kind: 'asStored' }
  /** `[channels, h, w]` is to become `[h, w, channels]`. */
  | { readonly kind: 'channelsFirst'; readonly shape: readonly [number, number, number] };

/**
 * @param stored shape of one example
 * @param wanted what the model takes, undefined where no model is known
 * @throws EspalierError `invalid-data` where the axes are the model's in yet another order: the numbers would fit, and be wrong
 */
export function axisOrder(stored: readonly number[], wanted: readonly number[] | undefined, where: string): AxisOrder {
  if (wanted === undefined || stored.join() === wanted.join()) return { kind: 'asStored' };
  const [channels = 1, height = 1, width = 1] = stored;
  if (stored.length === 3 && [height, width, channels].join() === wanted.join())
    return { kind: 'channelsFirst', shape: [channels, height, width] };
  // Axes of length 1 do not matter, and examples may be flattened or folded.
  const long = (shape: readonly number[]): readonly number[] => shape.filter((size) => size !== 1);
  const sorted = (shape: readonly number[]): string => [...long(shape)].sort((a, b) => a - b).join();
  if (long(stored).join() === long(wanted).join() || sorted(stored) !== sorted(wanted)) return { kind: 'asStored' };
  throw new EspalierError(
    'invalid-data',
    `its examples are [${stored.join(', ')}], but the model takes [${wanted.join(', ')}]: the axes are in another order`,
    {
      where,
      fix: 'store them in the order of the model, as numpy.transpose makes it',
    },
  );
}

/** `[channels, h, w]` -> `[h, w, channels]`, into `to`. */
export function toChannelsLast<T extends Uint8Array | Float32Array>(
  from: ArrayLike<number>,
  to: T,
  [channels, height, width]: readonly [number, number, number],
): T {
  const area = height * width;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) to[i * channels + c] = from[c * area + i] ?? 0;
  }
  return to;
}
