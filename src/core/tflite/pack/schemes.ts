import type { PackGoal } from '../../../shared/packing.ts';
import { huffmanScheme } from './huffman.ts';
import { lutScheme } from './lut.ts';
import { pruneScheme } from './prune.ts';
import type { PackScheme } from './scheme.ts';

/**
 * What each goal chooses from; a tensor stays plain where none of them makes the file smaller. Lookup tables alone are
 * decoded quickly: TFLite Micro has optimized kernels for them.
 */
export const schemesFor: Readonly<Record<PackGoal, readonly PackScheme[]>> = {
  small: [lutScheme, pruneScheme, huffmanScheme],
  fast: [lutScheme],
};
