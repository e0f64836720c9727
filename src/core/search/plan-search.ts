/** Which files a search tries for a budget, and how long it trains each. */
import { dials } from '../../shared/layer-choices.ts';
import type { ClusteringOptions, StoredForm } from '../../shared/recipe/clustering-options.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { TechniqueOptions } from '../../shared/recipe/technique-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { CountedBudget } from '../../shared/search-budget.ts';
import type { ByteCount, SensitivityReport } from '../../shared/sensitivity.ts';
import { type ConstraintKind, constraintOrder, preservingTechnique, techniqueIds, techniqueRow } from '../../shared/techniques.ts';
import { type Allocation, allocateLayers, type AllocationRequest, type LayerAllocation } from './allocate-layers.ts';
import { narrowedChoices, type NarrowLayers } from './narrow-layers.ts';
import { type Style, styles } from './styles.ts';

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

/** Part of all steps that the last candidate takes, where others were before it: it is the file that is wanted. */
const lastShare = 0.5;

/**
 * Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): what a round keeps is trained again, longer. The last
 * round takes half of the steps, the rounds before it the same number each. As many candidates as the steps allow.
 *
 * @param steps of one budget
 * @returns undefined where they are too few for one candidate
 * @example planRungs(9600) // [{ candidates: 4, steps: 600 }, { candidates: 2, steps: 1200 }, { candidates: 1, steps: 4800 }]
 */
export function planRungs(steps: number): readonly Rung[] | undefined {
  const rungs = fields.map((field) =>
    field.map((candidates, round): Rung => {
      const share = field.length === 1 ? 1 : round === field.length - 1 ? lastShare : (1 - lastShare) / (field.length - 1);
      return { candidates, steps: Math.floor((steps * share) / candidates) };
    }),
  );
  return rungs.find(([first]) => first !== undefined && first.steps >= fewestSteps);
}

/** A style within a budget. */
export interface Candidate {
  readonly style: Style;
  /** The bytes that are short. */
  readonly count: CountedBudget['count'];
  readonly allocation: Allocation;
}

/** Files come out a little larger or smaller than they are estimated. */
export const margin = 0.98;

/** What candidates are planned from. */
export interface FieldBasis {
  readonly report: Pick<SensitivityReport, 'layers' | 'overhead'>;
  readonly narrow: NarrowLayers;
}

/**
 * @param correction bytes of a file of this style over what was estimated of it
 * @returns undefined where nothing fits
 */
export function planCandidate(
  { report, narrow }: FieldBasis,
  budgets: readonly CountedBudget[],
  style: Style,
  correction = 1,
): Candidate | undefined {
  const { allows, narrowing } = style;
  const allocations = budgets.map(({ count, bytes }) => {
    const request = { count, bytes: (bytes * margin) / correction, allows };
    const whole = allocateLayers(report, request);
    const allocation = whole && narrowing > 0 ? (narrowed(whole, { report, narrow }, request, narrowing) ?? whole) : whole;
    return allocation && { count, allocation };
  });
  // The tighter of several sizes decides: its settings move the output more.
  const found = allocations.flatMap((each) => each ?? []).toSorted((a, b) => b.allocation.divergence - a.allocation.divergence)[0];
  return found === undefined || allocations.includes(undefined) ? undefined : { style, ...found };
}

/** Fewer filters removed from a layer are not worth it: their zeros can lie anywhere. */
const leastPart = 0.1;

/**
 * The same budget with filters removed, more of them in layers that keep fewer weights; undefined where none are, or
 * nothing fits.
 */
function narrowed(
  { choices }: Allocation,
  { report, narrow }: FieldBasis,
  request: AllocationRequest,
  narrowing: number,
): Allocation | undefined {
  const parts = new Map(
    choices
      .map(({ layer, choice }) => [layer, rounded(1 - (1 - choice.sparsity) ** narrowing)] as const)
      .filter(([, part]) => part >= leastPart),
  );
  const layers = narrow(parts);
  // The last layer, for one, keeps its filters whatever part is given.
  const lost = new Set(
    report.layers.filter(({ layer, shape }) => (layers.get(layer)?.filters ?? Infinity) < (shape[0] ?? 0)).map(({ layer }) => layer),
  );
  if (lost.size === 0) return undefined;
  const found = allocateLayers(narrowedChoices(report, layers), request);
  return (
    found && {
      ...found,
      choices: found.choices.map((each) => ({ ...each, filters: lost.has(each.layer) ? parts.get(each.layer) : undefined })),
    }
  );
}

function rounded(part: number): number {
  return Math.round(part * 1e4) / 1e4;
}

/** Share of zeros of all weights from which on few are left. */
const manyZeros = 0.8;

/**
 * All candidates of different settings or training, the most promising first.
 *
 * @param keepsTeacher whether the recipe sets `distillation`, which no style changes then
 */
export function planField(basis: FieldBasis, budgets: readonly CountedBudget[], keepsTeacher: boolean): readonly Candidate[] {
  const seen = new Set<string>();
  const candidates = styles
    .filter(({ training }) => !keepsTeacher || training.distillation === undefined)
    .flatMap((style) => planCandidate(basis, budgets, style) ?? [])
    .filter((candidate) => {
      const key = JSON.stringify(candidatePath(candidate, fewestSteps, {}));
      return !seen.has(key) && seen.add(key);
    });
  const [first] = candidates;
  const few = first !== undefined && zeroShare(first.allocation, basis.report) >= manyZeros;
  const isFirst = ({ style }: Candidate): number => Number(few && style.forFewWeights);
  return candidates.toSorted((a, b) => isFirst(b) - isFirst(a));
}

function zeroShare({ choices }: Allocation, { layers }: FieldBasis['report']): number {
  const elements = new Map(layers.map((layer) => [layer.layer, layer.elements]));
  const zeros = choices.reduce((sum, { layer, choice }) => sum + choice.sparsity * (elements.get(layer) ?? 0), 0);
  return zeros / layers.reduce((sum, layer) => sum + layer.elements, 0);
}

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
      ...(kind === 'sparsity' ? { structure: 'unstructured', criterion: 'contribution' } : {}),
      // The recipe's learning rate goes before the style's. No style that sets `distillation` is here where the recipe does.
      ...(kind === 'codebook' ? clusteringOptions(style, inForce, count) : {}),
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
  count: Candidate['count'],
): ClusteringOptions {
  return {
    ...options,
    ...(inForce.has('sparsity') && movingMasks === true ? { movingMasks } : {}),
    ...(storedForms[count] === undefined ? {} : { sizeOf: storedForms[count] }),
  };
}

/** None of which grows unless it is named. */
const everyTechnique = techniqueIds.map((id) => techniqueRow(id).options);

/** Rules of one stage; undefined where no layer takes part. The grid holds for all layers, with rules for those of 4 bits. */
function rulesOf({ choices }: Allocation, kind: ConstraintKind): readonly LayerRule[] | undefined {
  if (kind === 'integerGrid')
    return choices.filter(({ choice }) => choice.bits !== 8).map(({ layer, choice: { bits } }) => ({ pattern: layer, bits }));
  if (kind === 'codebook') {
    if (choices.every(({ choice }) => choice.clusters === 0)) return undefined;
    return choices.map(({ layer, choice }) => ({ pattern: layer, ...dials.clusters.rule(choice.clusters) }));
  }
  if (choices.every(({ choice, filters }) => choice.sparsity === 0 && filters === undefined)) return undefined;
  return choices.map(pruningRule);
}

function pruningRule({ layer, choice: { sparsity }, filters }: LayerAllocation): LayerRule {
  return { pattern: layer, ...(filters === undefined ? dials.sparsity.rule(sparsity) : { filters, sparsity }) };
}
