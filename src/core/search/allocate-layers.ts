import { isSettable, type LayerChoice } from '../../shared/layer-choices.ts';
import {
  mapBytes,
  type ByteCount,
  type Bytes,
  type ChoiceSensitivity,
  type LayerSensitivity,
  type SensitivityReport,
} from '../../shared/sensitivity.ts';
import { bytesBetween, geometric, linear } from '../sensitivity/interpolation.ts';
import { allocate, leastBytes } from './allocate.ts';

/** A choice for each layer, and what is expected of it. */
export interface Allocation {
  readonly choices: readonly LayerAllocation[];
  /** Sum over the layers; before any training. */
  readonly divergence: number;
  /** Of the file, an estimate. */
  readonly bytes: number;
  /** The same in every way to count them. */
  readonly sizes: Bytes;
}

export interface LayerAllocation {
  readonly layer: string;
  /** Of the filters that stay. */
  readonly choice: LayerChoice;
  /** Part of the filters that is removed. */
  readonly filters?: number | undefined;
}

export interface AllocationRequest {
  readonly count: ByteCount;
  /** Of the whole file. */
  readonly bytes: number;
  /** Choices that may be taken; the smallest of a layer's choices is, where none may. */
  readonly allows?: ((choice: LayerChoice) => boolean) | undefined;
}

/**
 * The choice of each layer that moves the output least in a file of so many bytes; see `allocate`.
 *
 * @returns undefined where no choices fit
 */
export function allocateLayers(
  { layers, overhead }: Pick<SensitivityReport, 'layers' | 'overhead'>,
  request: AllocationRequest,
): Allocation | undefined {
  const { count, bytes, allows = () => true } = request;
  const options = layers.map((layer) => allowedChoices(layer, count, allows));
  const counted = options.map((choices) => choices.map((choice) => ({ bytes: choice.bytes[count], loss: choice.divergence })));
  const chosen = allocate(counted, bytes - overhead[count]);
  if (chosen === undefined) return undefined;
  const taken = chosen.flatMap((index, layer) => options[layer]?.[index] ?? []);
  const sizes = mapBytes((each) => overhead[each] + taken.reduce((sum, choice) => sum + choice.bytes[each], 0));
  return {
    choices: taken.map(({ sparsity, clusters, bits }, index) => ({
      layer: layers[index]?.layer ?? '',
      choice: { sparsity, clusters, bits },
    })),
    divergence: taken.reduce((sum, { divergence }) => sum + divergence, 0),
    bytes: sizes[count],
    sizes,
  };
}

/** The smallest file that the choices give, an estimate. */
export function smallestFile({ layers, overhead }: Pick<SensitivityReport, 'layers' | 'overhead'>, count: ByteCount): number {
  return (
    overhead[count] +
    leastBytes(
      layers.map(({ choices }) =>
        choices.filter((choice) => isCounted(choice, count)).map(({ bytes, divergence }) => ({ bytes: bytes[count], loss: divergence })),
      ),
    )
  );
}

/** An NPU has no kernels of 4-bit weights: the layer would leave it instead of taking fewer of its bytes. */
function isCounted(choice: LayerChoice, count: ByteCount): boolean {
  return isSettable(choice) && (count !== 'ethosU' || choice.bits === 8);
}

function allowedChoices(
  { choices }: LayerSensitivity,
  count: ByteCount,
  allows: (choice: LayerChoice) => boolean,
): readonly ChoiceSensitivity[] {
  const finer = withFinerSparsities(choices.filter((choice) => isCounted(choice, count)));
  const allowed = finer.filter(allows);
  return allowed.length > 0 ? allowed : finer;
}

/** Sparsities between two measured ones. */
const between = 4;

/**
 * The choices with further sparsities between neighbours that differ in sparsity alone. Bytes are interpolated linearly
 * and the divergence as a power of the weights that are left, both estimates.
 */
export function withFinerSparsities(choices: readonly ChoiceSensitivity[]): readonly ChoiceSensitivity[] {
  return choices.flatMap((choice) => {
    const next = choices
      .filter((other) => other.clusters === choice.clusters && other.bits === choice.bits && other.sparsity > choice.sparsity)
      .toSorted((a, b) => a.sparsity - b.sparsity)[0];
    // From no zeros on, masks are a new thing: bytes need not fall at once.
    if (next === undefined || choice.sparsity === 0) return [choice];
    return [choice, ...Array.from({ length: between - 1 }, (_, i) => mixed(choice, next, (i + 1) / between))];
  });
}

function mixed(low: ChoiceSensitivity, high: ChoiceSensitivity, part: number): ChoiceSensitivity {
  return {
    ...low,
    sparsity: Math.round(linear(low.sparsity, high.sparsity, part) * 1e4) / 1e4,
    divergence: geometric(low.divergence, high.divergence, part),
    measured: false,
    bytes: bytesBetween(low.bytes, high.bytes, part),
  };
}
