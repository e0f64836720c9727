/** In the cache: how much each layer suffers. The command and the search keep it there and take it from there. */
import path from 'node:path';
import { isKeptLayer, type KeptLayers, type LayerPart } from '../sensitivity/kept-layers.ts';
import type { Identity } from './identity.ts';
import { digestOf } from './store/digest.ts';
import { ignoreInGit, keepForLater, readKept } from './store/kept-figures.ts';
import { cacheFolder, storeFolder } from './store/run-store.ts';

/** What figures of layers follow from. */
export interface MeasuredFrom {
  readonly identity: Identity;
  readonly seed: number;
  /** Its description: other engines and numbers of threads give other last digits. */
  readonly engine: string;
  /** Digest of the program. */
  readonly code: string;
}

export interface LayerCache {
  readonly from: MeasuredFrom;
  /** Those that `.espalier` lies in: it is read from each, and written to the first. */
  readonly folders: readonly [string, ...string[]];
  /** Whether what earlier calls kept is left alone; what is measured is kept all the same. */
  readonly ignoreCache: boolean;
  readonly report: (message: string) => void;
}

/** A file for each part, which appears whole: a call that is killed leaves what it has finished. */
export function keptLayers({ from, folders, ignoreCache, report }: LayerCache): KeptLayers {
  const fileOf = (folder: string, part: LayerPart): string => keptFile(folder, 'layer', { ...from, part });
  const [own] = folders;
  let canKeep = true;
  return {
    async read(part) {
      if (ignoreCache) return undefined;
      for (const folder of folders) {
        const found = await readKept(fileOf(folder, part), { guard: isKeptLayer, consequence: 'the layer is measured again', report });
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async keep(part, layer) {
      // What one layer meets all others meet too.
      canKeep &&= await keepMeasured(own, fileOf(own, part), layer, report);
    },
  };
}

/** The file in the cache that has what was measured of this. */
export function keptFile(folder: string, kind: 'layer' | 'sensitivity', of: object): string {
  return path.join(cacheFolder(folder), `${kind}-${digestOf(of).slice(0, 16)}.json`);
}

export function keepMeasured(folder: string, file: string, figures: object, report: (message: string) => void): Promise<boolean> {
  const say = (reason: string): void => report(`what was measured of layers is not kept for later: ${reason}`);
  return keepForLater(file, figures, say, () => ignoreInGit(storeFolder(folder)));
}
