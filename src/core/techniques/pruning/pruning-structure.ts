import { EspalierError } from '../../errors.ts';

/**
 * Each layer reaches its sparsity; or one threshold serves the whole model; or one threshold on scores that make layers
 * comparable (LAMP).
 */
export type WeightScope = 'layer' | 'model' | 'adaptive';

export type PruningStructure =
  /** Single weights. */
  | { readonly kind: 'weights'; readonly scope: WeightScope }
  /** `zeros` of each `group` weights along C_in: 2 of 4 for sparse tensor cores. */
  | { readonly kind: 'groups'; readonly zeros: number; readonly group: number }
  /** Blocks of the kernel as a matrix `[out, elements]`. */
  | { readonly kind: 'blocks'; readonly size: readonly [number, number]; readonly pooling: 'average' | 'max' };

/** @throws EspalierError `invalid-argument` */
export function checkStructure(structure: PruningStructure): void {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (structure.kind === 'groups' && !(whole(structure.zeros) && whole(structure.group) && structure.zeros < structure.group)) {
    throw new EspalierError('invalid-argument', `${structure.zeros} zeros in each ${structure.group} weights is not a pattern`, {
      fix: 'give whole numbers with fewer zeros than weights, such as 2 in 4',
    });
  }
  if (structure.kind === 'blocks' && !structure.size.every(whole)) {
    throw new EspalierError('invalid-argument', `blocks of ${structure.size.join(' x ')} are not whole numbers above 0`);
  }
}
