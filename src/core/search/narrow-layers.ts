/** What becomes of the choices of layers when whole filters are removed first. */
import { isSettable } from '../../shared/layer-choices.ts';
import {
  type Bytes,
  type ChoiceSensitivity,
  type Cycles,
  type LayerSensitivity,
  mapBytes,
  type SensitivityReport,
} from '../../shared/sensitivity.ts';
import { scaleBytes } from '../hardware/ethos-u/npu-operation.ts';
import { geometric } from '../sensitivity/interpolation.ts';

/** A layer after filters have been removed from the network. */
export interface NarrowedLayer {
  /** Weights of its kernel. */
  readonly elements: number;
  readonly filters: number;
}

/**
 * The layers of the network without these parts of their filters, in [0, 1), by name. Layers that cannot lose filters, or
 * less, are as the network makes them.
 */
export type NarrowLayers = (parts: ReadonlyMap<string, number>) => ReadonlyMap<string, NarrowedLayer>;

type Layers = Pick<SensitivityReport, 'layers' | 'overhead'>;

/** Sparsities within the filters that stay. */
const sparsities = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98];

/**
 * The choices of layers that have lost filters, by those of the whole network. The divergence of a layer that keeps a
 * share d of its narrowed kernel is taken as that of the whole kernel with as many weights left. Removed filters lose more
 * before training, which makes up for it, and only the comparison of layers counts. Bytes follow from the entropy of the places
 * and values of the weights that are left,
 *
 *     bits(N, n) = N H(n / N) + n v,   H(p) = -p log2 p - (1 - p) log2 (1 - p)
 *
 * of n weights among N with v bits a value: fewer places for the same number of weights. An Ethos-U also reads a scale and
 * a bias for each filter.
 *
 * @param fourBits whether narrowed layers may have 4-bit weights, where they may have them whole
 */
export function narrowedChoices({ layers, overhead }: Layers, narrowed: ReadonlyMap<string, NarrowedLayer>, fourBits = false): Layers {
  const removed = layers.reduce((sum, { layer, shape }) => sum + filtersOf(shape) - (narrowed.get(layer)?.filters ?? filtersOf(shape)), 0);
  return {
    overhead: mapBytes((count) => Math.max(overhead[count] / 2, overhead[count] - removed * bytesOfFilter)),
    layers: layers.map((layer) => narrowLayer(layer, narrowed.get(layer.layer) ?? { ...layer, filters: filtersOf(layer.shape) }, fourBits)),
  };
}

/** An integer bias that compression makes shorter. */
const bytesOfFilter = 3;

/** Of conv2d `[out, h, w, in]` and dense `[out, in]`. */
function filtersOf(shape: readonly number[]): number {
  return shape[0] ?? 0;
}

function narrowLayer(layer: LayerSensitivity, { elements, filters }: NarrowedLayer, fourBits: boolean): LayerSensitivity {
  const part = elements / layer.elements;
  if (part >= 1) return layer;
  const settable = layer.choices.filter(isSettable);
  const kinds = new Map(settable.map((choice) => [`${choice.clusters} ${choice.bits}`, choice]));
  const choices = [...kinds.values()].flatMap(({ clusters, bits }) => {
    const known = settable
      .filter((choice) => choice.clusters === clusters && choice.bits === bits)
      .toSorted((a, b) => a.sparsity - b.sparsity);
    return sparsities.flatMap((sparsity) => {
      const whole = 1 - (1 - sparsity) * part;
      const found = choiceAt(known, whole);
      if (found === undefined) return [];
      const bytes = kernelBytes({ elements, filters }, elements * (1 - sparsity), found);
      return [{ ...found, sparsity, measured: false, bytes, cycles: narrowedCycles(found.cycles, part) }];
    });
  });
  // Nothing was measured with as many zeros as the removed filters alone make.
  if (choices.length === 0) return layer;
  const removed = choices.find(({ sparsity, clusters, bits }) => sparsity === 0 && clusters === 0 && bits === 8);
  const narrow = settable.find(({ sparsity, bits }) => sparsity === 0 && bits === 4);
  if (!fourBits || removed === undefined || narrow === undefined) return { ...layer, elements, choices };
  const bytes = kernelBytes({ elements, filters }, elements, narrow);
  // 4 bits were measured without zeros only: what the removed filters lose comes on top.
  const both = {
    ...narrow,
    divergence: removed.divergence + narrow.divergence,
    measured: false,
    bytes,
    cycles: narrowedCycles(narrow.cycles, part),
  };
  return { ...layer, elements, choices: [...choices, both] };
}

/** Between two measured choices, the divergence as a power. */
function choiceAt(known: readonly ChoiceSensitivity[], sparsity: number): ChoiceSensitivity | undefined {
  const above = known.find((choice) => choice.sparsity >= sparsity);
  const below = known.findLast((choice) => choice.sparsity <= sparsity);
  if (below === undefined || above === undefined || above === below) return above;
  const part = (sparsity - below.sparsity) / (above.sparsity - below.sparsity);
  return { ...below, sparsity, divergence: geometric(below.divergence, above.divergence, part) };
}

/** Of the whole kernel's, whose loops run over fewer weights. */
function narrowedCycles({ cortexM, ethosU }: Cycles, part: number): Cycles {
  const scaled = (cycles: number | undefined): number | undefined => (cycles === undefined ? undefined : cycles * part);
  return { cortexM: scaled(cortexM), ethosU: scaled(ethosU) };
}

/** Bytes of a kernel of which so many weights are not zero. */
function kernelBytes(
  { elements: places, filters }: NarrowedLayer,
  weights: number,
  { clusters, bits }: Pick<ChoiceSensitivity, 'clusters' | 'bits'>,
): Bytes {
  // Zero is one of the values where there are zeros; integers without a codebook use most of their range.
  const values = weights < places ? clusters - 1 : clusters;
  const valueBits = clusters === 0 ? bits - 1 : Math.max(1, Math.log2(values));
  const entropy = places * binaryEntropy(weights / places) + weights * valueBits;
  return {
    raw: (places * bits) / 8,
    gzip: (entropy * bitsOfDeflate) / 8,
    // A Huffman word has a bit at least.
    packed: Math.max(entropy, (weights < places ? places : 0) + weights * valueBits) / 8,
    ethosU: entropy / 8 + scaleBytes * filters,
  };
}

/** What deflate takes of the entropy: 1.17 to 1.19 without zeros, 1.23 to 1.31 with 40 to 70%, 1.24 to 1.44 with more (LeNet-5 and MNIST files). */
const bitsOfDeflate = 1.27;

function binaryEntropy(share: number): number {
  return share <= 0 || share >= 1 ? 0 : -share * Math.log2(share) - (1 - share) * Math.log2(1 - share);
}
