/** What a search knows of its files before it trains any: what follows from the structure of the network. */
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { HardwareFigures } from '../../shared/results.ts';
import { type Bytes, mapBytes } from '../../shared/sensitivity.ts';
import type { EthosUName } from '../hardware/ethos-u/accelerators.ts';
import type { HardwareTarget } from '../hardware/targets.ts';
import type { Network } from '../network/network.ts';
import { prepareForDeployment } from '../network/passes/prepare-for-deployment.ts';
import { layersBetweenConversions, mixActivations, type Int16Layers } from '../quantize/mix-activations.ts';
import type { FileForm } from '../search/candidate.ts';
import type { Int16Cost } from '../search/choose-int16.ts';
import type { NarrowedLayer } from '../search/narrow-layers.ts';
import { layersWithoutFilters, networkWithoutFilters } from '../techniques/filter-pruning.ts';
import { kernelsOf } from '../techniques/kernels.ts';
import { layerPattern } from '../techniques/layer-rules.ts';
import { fileBytes } from './operations/model-sensitivity.ts';
import { integerStructure } from './operations/integer-structure.ts';
import { profileNode } from './profile-node.ts';

export interface StructureSetting {
  readonly network: Network;
  /** Of the recipe: layers may have int16 activations by them, whatever the search chooses. */
  readonly rules: readonly LayerRule[];
  /** Whether files are written without the texts that no runtime needs. */
  readonly strip: boolean;
  readonly target: HardwareTarget;
  /** Whose bytes are counted, see `countedNpu`. */
  readonly npu: EthosUName | undefined;
}

export class SearchStructures {
  readonly #setting: StructureSetting;
  readonly #ruled: readonly string[];
  readonly #sizes = new Map<string, Bytes>();
  readonly #figures = new Map<string, HardwareFigures | undefined>();

  constructor(setting: StructureSetting) {
    this.#setting = setting;
    this.#ruled = ruledInt16(setting);
  }

  /** What becomes of the layers without these parts of their filters. */
  narrow(parts: ReadonlyMap<string, number>): ReadonlyMap<string, NarrowedLayer> {
    return layersWithoutFilters(this.#setting.network, parts);
  }

  /** What a file needs, whatever values and bits its weights have; undefined where it cannot be profiled. */
  hardware({ filters, int16 }: FileForm = wholeForm): HardwareFigures | undefined {
    const key = JSON.stringify([[...filters], int16]);
    if (!this.#figures.has(key)) {
      const { network, strip, target, npu } = this.#setting;
      const narrowed = filters.size === 0 ? network : networkWithoutFilters(network, filters);
      const file = integerStructure(narrowed, strip, this.#int16(int16));
      this.#figures.set(key, profileNode(file, target, undefined, npu).figures);
    }
    return this.#figures.get(key);
  }

  /** Layers that int16 changes nothing for are left out; a recipe's rule gives it to a neighbour too. */
  int16Cost(layers: readonly string[]): Int16Cost {
    const idle = new Set(layersBetweenConversions(mixActivations(prepareForDeployment(this.#setting.network), this.#int16(layers))));
    const useful = layers.filter((layer) => !idle.has(layer));
    const without = this.#bytes([]);
    const having = this.#bytes(useful);
    return { layers: useful, bytes: mapBytes((count) => Math.max(0, having[count] - without[count])) };
  }

  #bytes(int16: readonly string[]): Bytes {
    const key = JSON.stringify(int16);
    const known = this.#sizes.get(key);
    if (known !== undefined) return known;
    const { network, strip } = this.#setting;
    const found = fileBytes(integerStructure(network, strip, this.#int16(int16)));
    this.#sizes.set(key, found);
    return found;
  }

  #int16(layers: readonly string[]): Int16Layers {
    // Files of a search have int8 inputs and outputs.
    return { layers: new Set([...this.#ruled, ...layers]), floatInterface: false };
  }
}

const wholeForm: FileForm = { filters: new Map(), int16: [] };

/** The last rule for activations that matches a layer decides, as in the stages. */
function ruledInt16({ network, rules }: StructureSetting): readonly string[] {
  const ofActivations = rules.filter(({ activations }) => activations !== undefined);
  return kernelsOf(network)
    .map(({ layer }) => layer)
    .filter((layer) => ofActivations.findLast(({ pattern }) => layerPattern(pattern).test(layer))?.activations === 'int16');
}
