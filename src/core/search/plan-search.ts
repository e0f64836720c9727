/** Which files a search tries for a budget, and how long it trains each. */
import type { LayerChoice } from '../../shared/layer-choices.ts';
import { dials } from '../../shared/layer-choices.ts';
import type { StoredForm } from '../../shared/recipe/clustering-options.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { TechniqueOptions } from '../../shared/recipe/technique-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { CountedBudget } from '../../shared/search-budget.ts';
import type { ByteCount, SensitivityReport } from '../../shared/sensitivity.ts';
import { type ConstraintKind, constraintOrder, preservingTechnique, techniqueIds, techniqueRow } from '../../shared/techniques.ts';
import { type Allocation, allocateLayers } from './allocate-layers.ts';

/** A round of successive halving. */
export interface Rung {
  readonly candidates: number;
  /** Training steps of each candidate, all of its stages together. */
  readonly steps: number;
}

/** Below it a candidate says nothing of what training makes of it. */
export const fewestSteps = 600;
/** Candidates of the first round; each next round keeps half or less. */
const fields: readonly (readonly number[])[] = [[6, 3, 1], [4, 2, 1], [2, 1], [1]];

/**
 * Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): each round takes the same number of steps, and what a
 * round keeps is trained again, longer. As many candidates as the steps allow.
 *
 * @param steps of one budget
 * @returns undefined where they are too few for one candidate
 * @example planRungs(7200) // [{ candidates: 4, steps: 600 }, { candidates: 2, steps: 1200 }, { candidates: 1, steps: 2400 }]
 */
export function planRungs(steps: number): readonly Rung[] | undefined {
  const field = fields.find(([first = 1, ...others]) => Math.floor(steps / (1 + others.length) / first) >= fewestSteps);
  return field?.map((candidates) => ({ candidates, steps: Math.floor(steps / field.length / candidates) }));
}

/** How the settings of layers are restricted, and what the training learns from. */
export interface Style {
  /** One letter, for the names of nodes. */
  readonly name: string;
  readonly allows?: ((choice: LayerChoice) => boolean) | undefined;
  readonly training: TrainingOptions;
}

/**
 * The first is what moves the output least before training. The others are there because training mends zeros and few
 * values differently, and because it depends on the data whether labels or the trained model teach better.
 */
export const styles: readonly Style[] = [
  { name: 'a', training: {} },
  { name: 'b', training: { distillation: true } },
  { name: 'c', training: {}, allows: ({ clusters }) => clusters > 0 && clusters <= 8 },
  { name: 'd', training: {}, allows: ({ clusters }) => clusters >= 16 },
  { name: 'e', training: { distillation: true }, allows: ({ clusters }) => clusters > 0 && clusters <= 8 },
  { name: 'f', training: { distillation: true }, allows: ({ clusters }) => clusters >= 16 },
];

/** A style within a budget. */
export interface Candidate {
  readonly style: Style;
  /** The bytes that are short. */
  readonly count: CountedBudget['count'];
  readonly allocation: Allocation;
}

/** Files come out a little larger or smaller than they are estimated. */
const margin = 0.98;

/**
 * @param correction bytes of a file of this style over what was estimated of it
 * @returns undefined where nothing fits
 */
export function planCandidate(
  report: Pick<SensitivityReport, 'layers' | 'overhead'>,
  budgets: readonly CountedBudget[],
  style: Style,
  correction = 1,
): Candidate | undefined {
  const { allows } = style;
  const allocations = budgets.map(({ count, bytes }) => {
    const allocation = allocateLayers(report, { count, bytes: (bytes * margin) / correction, allows });
    return allocation && { count, allocation };
  });
  // The tighter of several sizes decides: its settings move the output more.
  const found = allocations.flatMap((each) => each ?? []).toSorted((a, b) => b.allocation.divergence - a.allocation.divergence)[0];
  return found === undefined || allocations.includes(undefined) ? undefined : { style, ...found };
}

/**
 * The first candidates: those of different settings or training, the most promising first.
 *
 * @param taught whether the recipe says what the training learns from
 */
export function planField(
  report: Pick<SensitivityReport, 'layers' | 'overhead'>,
  budgets: readonly CountedBudget[],
  count: number,
  taught: boolean,
): readonly Candidate[] {
  const seen = new Set<string>();
  return styles
    .filter(({ training }) => !taught || training.distillation === undefined)
    .flatMap((style) => planCandidate(report, budgets, style) ?? [])
    .filter(({ style, allocation }) => {
      const key = JSON.stringify([allocation.choices, style.training]);
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, count);
}

/** One path of the tree: its techniques as a recipe has them, and its last node. */
export interface CandidatePath {
  readonly techniques: TechniqueOptions;
  readonly node: string;
}

/** Files are wanted small: a bit costs more than clustering's default, which measured better at the same bytes (docs/techniques.md). */
const rateWeight = 2;

/** Whose bits clustering counts, where they are not gzip's. */
const storedForms: Readonly<Partial<Record<ByteCount, StoredForm>>> = { packed: 'packed', ethosU: 'ethos-u' };

/** Parts of a candidate's steps that each stage takes. */
const stepShares: Readonly<Record<ConstraintKind, number>> = { sparsity: 2, codebook: 1, integerGrid: 1 };

/**
 * The stages that put an allocation in force: pruning, clustering that keeps its zeros, training on the integer grid that
 * keeps both; without those that no layer takes part in.
 *
 * @param name of the first stage's variant; without one the path is that of a plain recipe
 */
export function candidatePath(
  { allocation, style, count }: Candidate,
  steps: number,
  training: TrainingOptions,
  name?: string,
): CandidatePath {
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
      ...training,
      ...style.training,
      ...(kind === 'sparsity' ? { structure: 'unstructured', criterion: 'contribution' } : {}),
      ...(kind === 'codebook' ? { rateWeight, ...(storedForms[count] === undefined ? {} : { sizeOf: storedForms[count] }) } : {}),
      ...(layers.length === 0 ? {} : { layers }),
      steps: Math.max(1, Math.round((steps * stepShares[kind]) / shares)),
    };
    path.push(name === undefined || path.length > 0 ? row.node : `${row.node}-${name}`);
    inForce.add(kind);
  }
  return { techniques, node: path.join('/') };
}

/** None of which grows unless it is named. */
const everyTechnique = techniqueIds.map((id) => techniqueRow(id).options);

/** Rules of one stage; undefined where no layer takes part. The grid holds for all layers, with rules for those of 4 bits. */
function rulesOf({ choices }: Allocation, kind: ConstraintKind): readonly LayerRule[] | undefined {
  if (kind === 'integerGrid')
    return choices.filter(({ choice }) => choice.bits !== 8).map(({ layer, choice: { bits } }) => ({ pattern: layer, bits }));
  const dial = kind === 'sparsity' ? 'sparsity' : 'clusters';
  if (choices.every(({ choice }) => choice[dial] === 0)) return undefined;
  return choices.map(({ layer, choice }) => ({ pattern: layer, ...dials[dial].rule(choice[dial]) }));
}
