/** The stages of the tree that make a candidate's file. */
import { dials } from '../../shared/layer-choices.ts';
import type { ClusteringOptions, StoredForm } from '../../shared/recipe/clustering-options.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { TechniqueOptions } from '../../shared/recipe/technique-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { ByteCount } from '../../shared/sensitivity.ts';
import { type ConstraintKind, constraintOrder, preservingTechnique, techniqueIds, techniqueRow } from '../../shared/techniques.ts';
import { exactPattern } from '../name-patterns.ts';
import type { Allocation, LayerAllocation } from './allocate-layers.ts';
import type { Candidate } from './candidate.ts';
import type { Style } from './styles.ts';

/** One path of the tree: its techniques as a recipe has them, and its last node. */
export interface CandidatePath {
  readonly techniques: TechniqueOptions;
  readonly node: string;
}

/** Whose bits clustering counts, where they are not gzip's. */
const storedForms: Readonly<Partial<Record<ByteCount, StoredForm>>> = { packed: 'packed', ethosU: 'ethos-u' };

/** Parts of a candidate's steps that each stage takes. */
const stepShares: Readonly<Record<ConstraintKind, number>> = { sparsity: 3, codebook: 2, integerGrid: 1 };

/**
 * The stages that put an allocation in force: pruning, clustering that keeps its zeros, training on the integer grid that
 * keeps both; without those that no layer takes part in.
 *
 * @param name of the first stage's variant; without one the path is that of a plain recipe
 */
export function candidatePath({ allocation, style }: Candidate, steps: number, training: TrainingOptions, name?: string): CandidatePath {
  const kinds = constraintOrder.filter((kind) => rulesOf(allocation, kind) !== undefined);
  const shares = kinds.reduce((sum, kind) => sum + stepShares[kind], 0);
  const techniques: Record<string, object | false> = Object.fromEntries(everyTechnique.map((key) => [key, false]));
  const path: string[] = [];
  const inForce = new Set<ConstraintKind>();
  for (const kind of kinds) {
    const id = preservingTechnique(kind, inForce);
    if (id === undefined) throw new Error(`no technique adds ${kind}`);
    const row = techniqueRow(id);
    const layers = rulesOf(allocation, kind) ?? [];
    techniques[row.options] = {
      ...(name === undefined || path.length > 0 ? {} : { name }),
      ...(kind === 'sparsity' ? { structure: 'unstructured', criterion: 'contribution' } : {}),
      // The recipe's learning rate goes before the style's. No style that sets `distillation` is here where the recipe does.
      ...(kind === 'codebook' ? clusteringOptions(style, inForce, allocation.count) : {}),
      ...training,
      ...style.training,
      ...(layers.length === 0 ? {} : { layers }),
      steps: Math.max(1, Math.round((steps * stepShares[kind]) / shares)),
    };
    path.push(name === undefined || path.length > 0 ? row.node : `${row.node}-${name}`);
    inForce.add(kind);
  }
  return { techniques, node: path.join('/') };
}

/** Without zeros there are no masks that could move. */
function clusteringOptions(
  { clustering: { movingMasks, ...options } }: Style,
  inForce: ReadonlySet<ConstraintKind>,
  count: ByteCount,
): ClusteringOptions {
  return {
    ...options,
    ...(inForce.has('sparsity') && movingMasks === true ? { movingMasks } : {}),
    ...(storedForms[count] === undefined ? {} : { sizeOf: storedForms[count] }),
  };
}

/** None of which grows unless it is named. */
const everyTechnique = techniqueIds.map((id) => techniqueRow(id).options);

/** Rules of one stage; undefined where no layer takes part. The grid holds for all layers, with rules for those of 4 bits or int16. */
function rulesOf({ choices }: Allocation, kind: ConstraintKind): readonly LayerRule[] | undefined {
  if (kind === 'integerGrid')
    return choices.flatMap(({ layer, choice: { bits }, activations }) => [
      ...(bits === 8 ? [] : [{ pattern: exactPattern(layer), bits }]),
      ...(activations === undefined ? [] : [{ pattern: exactPattern(layer), activations }]),
    ]);
  if (kind === 'codebook') {
    if (choices.every(({ choice }) => choice.clusters === 0)) return undefined;
    return choices.map(({ layer, choice }) => ({ pattern: exactPattern(layer), ...dials.clusters.rule(choice.clusters) }));
  }
  if (choices.every(({ choice, filters }) => choice.sparsity === 0 && filters === undefined)) return undefined;
  return choices.map(pruningRule);
}

function pruningRule({ layer, choice: { sparsity }, filters }: LayerAllocation): LayerRule {
  return { pattern: exactPattern(layer), ...(filters === undefined ? dials.sparsity.rule(sparsity) : { filters, sparsity }) };
}
