import type { Allocation } from './allocate-layers.ts';
import type { Style } from './styles.ts';

/** A file that a search tries: the settings of each layer that keep a budget, reached in a style. */
export interface Candidate {
  readonly style: Style;
  readonly allocation: Allocation;
}

/** What decides the RAM and the work of a file, besides the network. */
export interface FileForm {
  /** Parts of layers' filters that are removed. */
  readonly filters: ReadonlyMap<string, number>;
  /** Layers with int16 activations. */
  readonly int16: readonly string[];
}

export function formOf({ choices }: Allocation): FileForm {
  return {
    filters: new Map(choices.flatMap(({ layer, filters }) => (filters === undefined ? [] : [[layer, filters] as const]))),
    int16: choices.filter(({ activations }) => activations === 'int16').map(({ layer }) => layer),
  };
}
