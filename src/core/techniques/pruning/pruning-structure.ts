import type { BlockStructure, GroupStructure, PruningOptions } from '../../../shared/recipe/pruning-options.ts';
import { EspalierError, unreachable } from '../../errors.ts';

/**
 * Where the threshold of magnitude pruning applies: `layer`, each layer reaches its own sparsity; `model`, one threshold
 * on the magnitudes of all layers; `adaptive`, one threshold on layer-adaptive scores, see `layerAdaptiveScores`.
 */
export type WeightScope = 'layer' | 'model' | 'adaptive';

/** Which weights are removed together; whole filters are removed without masks. */
export type PruningStructure =
  /** Single weights. */
  | { readonly kind: 'weights'; readonly scope: WeightScope }
  /** 2 of 4 for sparse tensor cores. */
  | GroupStructure
  /** Of the kernel as a matrix `[out, elements]`. */
  | Required<BlockStructure>;

/** The structure that the recipe names; undefined for `automatic`, which `chooseScope` decides, and for whole filters. */
export function structureOf(structure: PruningOptions['structure']): PruningStructure | undefined {
  switch (structure) {
    case undefined:
    case 'automatic':
    case 'filters':
      return undefined;
    case 'unstructured':
    case 'xnnpack':
      return { kind: 'weights', scope: 'layer' };
    case 'adaptive':
      return { kind: 'weights', scope: 'adaptive' };
    case 'global':
      return { kind: 'weights', scope: 'model' };
    default:
      return structure.kind === 'groups' ? structure : { ...structure, pooling: structure.pooling ?? 'average' };
  }
}

/** A mistake in a structure and its correction, for recipes, calls and the command line. */
export interface StructureMistake {
  readonly what: string;
  readonly fix: string;
}

export function findStructureMistake(structure: PruningStructure | BlockStructure): StructureMistake | undefined {
  switch (structure.kind) {
    case 'weights':
      return undefined;
    case 'groups': {
      const { zeros, group } = structure;
      return isWhole(zeros) && isWhole(group) && zeros < group
        ? undefined
        : {
            what: `${zeros} zeros in each ${group} weights is not a pattern`,
            fix: 'give whole numbers with fewer zeros than weights, such as 2 in 4',
          };
    }
    case 'blocks':
      return structure.size.every(isWhole)
        ? undefined
        : {
            what: `blocks of ${structure.size.join(' x ')} are not whole numbers above 0`,
            fix: 'give rows and columns of the kernel as a matrix, such as 1 x 4',
          };
    default:
      return unreachable(structure);
  }
}

/** @throws EspalierError `invalid-argument` */
export function checkStructure(structure: PruningStructure): void {
  const mistake = findStructureMistake(structure);
  if (mistake !== undefined) throw new EspalierError('invalid-argument', mistake.what, { fix: mistake.fix });
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
