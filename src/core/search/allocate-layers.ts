import { isSettable, type LayerChoice } from '../../shared/layer-choices.ts';
import {
  mapBytes,
  type ByteCount,
  type Bytes,
  type ChoiceSensitivity,
  type LayerSensitivity,
  type SensitivityReport,
} from '../../shared/sensitivity.ts';
import type { CountedBudget } from '../../shared/search-budget.ts';
import { bytesBetween, geometric, linear } from '../sensitivity/interpolation.ts';
import { leastBytes } from './allocate.ts';
import { allocateAlone, allocateTogether, bytesOf, divergenceOf, keepsAll } from './allocate-together.ts';

/** A choice for each layer, and what is expected of it. */
export interface Allocation {
  readonly choices: readonly LayerAllocation[];
  /** Sum over the layers; before any training. */
  readonly divergence: number;
  /** Of the wanted sizes the one that is hardest to keep. */
  readonly count: ByteCount;
  /** Of the file in every way to count them, estimates. */
  readonly sizes: Bytes;
}

export interface LayerAllocation {
  readonly layer: string;
  /** Of the filters that stay. */
  readonly choice: LayerChoice;
  /** Part of the filters that is removed. */
  readonly filters?: number | undefined;
  /** Where they are not int8. */
  readonly activations?: 'int16' | undefined;
}

export interface AllocationRequest {
  /** Of the whole file, one at least; all are to be kept. */
  readonly sizes: readonly CountedBudget[];
  /** Choices that may be taken; the smallest of a layer's choices is, where none may. */
  readonly allows?: ((choice: LayerChoice) => boolean) | undefined;
}

/**
 * The choice of each layer that moves the output least in a file of such sizes; see `allocate`, and `allocateTogether`
 * where the choices for the hardest of several sizes do not keep the others.
 *
 * @returns undefined where no choices keep one of the sizes; where some keep each and none keep all, those that are nearest
 */
export function allocateLayers(
  { layers, overhead }: Pick<SensitivityReport, 'layers' | 'overhead'>,
  { sizes, allows = () => true }: AllocationRequest,
): Allocation | undefined {
  const options = layers.map((layer) => allowedChoices(layer, sizes, allows));
  const kernelSizes = sizes.map(({ count, bytes }) => ({ count, bytes: bytes - overhead[count] }));
  const alone = kernelSizes.map((size) => ({ count: size.count, taken: allocateAlone(options, size) }));
  const [hardest] = alone
    .flatMap(({ count, taken }) => (taken === undefined ? [] : [{ count, taken }]))
    .toSorted((a, b) => divergenceOf(b.taken) - divergenceOf(a.taken));
  if (hardest === undefined || alone.some(({ taken }) => taken === undefined)) return undefined;
  const taken = keepsAll(hardest.taken, kernelSizes) ? hardest.taken : (allocateTogether(options, kernelSizes) ?? hardest.taken);
  return {
    choices: taken.map(({ sparsity, clusters, bits }, index) => ({
      layer: layers[index]?.layer ?? '',
      choice: { sparsity, clusters, bits },
    })),
    divergence: divergenceOf(taken),
    count: hardest.count,
    sizes: mapBytes((count) => overhead[count] + bytesOf(taken, count)),
  };
}

/** The smallest file that the choices give, an estimate. */
export function smallestFile({ layers, overhead }: Pick<SensitivityReport, 'layers' | 'overhead'>, count: ByteCount): number {
  return (
    overhead[count] +
    leastBytes(
      layers.map(({ choices }) =>
        choices.filter((choice) => isCounted(choice, [count])).map(({ bytes, divergence }) => ({ bytes: bytes[count], loss: divergence })),
      ),
    )
  );
}

/** An NPU has no kernels of 4-bit weights: the layer would leave it instead of taking fewer of its bytes. */
function isCounted(choice: LayerChoice, counts: readonly ByteCount[]): boolean {
  return isSettable(choice) && (!counts.includes('ethosU') || choice.bits === 8);
}

function allowedChoices(
  { choices }: LayerSensitivity,
  sizes: readonly CountedBudget[],
  allows: (choice: LayerChoice) => boolean,
): readonly ChoiceSensitivity[] {
  const counts = sizes.map(({ count }) => count);
  const finer = withFinerSparsities(
    choices.filter((choice) => isCounted(choice, counts)),
    sizes,
  );
  const allowed = finer.filter(allows);
  return allowed.length > 0 ? allowed : finer;
}

/** Steps from one measured sparsity to the next. */
const [fewestSteps, mostSteps] = [4, 32];
/** Of the file: a step that takes more leaves a layer that is most of the file with zeros for less than the budget. */
const longestStep = 0.005;

/**
 * The choices with further sparsities between neighbours that differ in sparsity alone, in steps of at most 0.5% of each size.
 * Bytes are interpolated linearly and the divergence as a power of the weights that are left, both estimates.
 */
export function withFinerSparsities(choices: readonly ChoiceSensitivity[], sizes: readonly CountedBudget[]): readonly ChoiceSensitivity[] {
  return choices.flatMap((choice) => {
    const next = choices
      .filter((other) => other.clusters === choice.clusters && other.bits === choice.bits && other.sparsity > choice.sparsity)
      .toSorted((a, b) => a.sparsity - b.sparsity)[0];
    // From no zeros on, masks are a new thing: bytes need not fall at once.
    if (next === undefined || choice.sparsity === 0) return [choice];
    const wanted = sizes.map(({ count, bytes }) => Math.ceil((choice.bytes[count] - next.bytes[count]) / (longestStep * bytes)));
    const steps = Math.min(mostSteps, Math.max(fewestSteps, ...wanted));
    return [choice, ...Array.from({ length: steps - 1 }, (_, i) => mixed(choice, next, (i + 1) / steps))];
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
