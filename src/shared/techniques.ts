/**
 * The table of techniques: one row each. Trees, titles, default nodes, rules for layers, stage keys, certificates and the
 * command line are generated from it. A new technique is a row here, its code in `core/techniques`, the type of its
 * options in `shared/recipe`, and its Chinese words in
 * `l10n/bundle.l10n.zh-cn.json` (English is the key).
 */
import type { LayerRule, WeightBits } from './recipe/layer-rule.ts';
import type { TechniqueOptions } from './recipe/technique-options.ts';

export type { WeightBits };

/** What weights must satisfy, in the order of projection. */
export const constraintOrder = ['sparsity', 'codebook', 'integerGrid'] as const;
export type ConstraintKind = (typeof constraintOrder)[number];

/** The fields of a rule that change a technique's settings for single kernels. */
export type LayerField = 'sparsity' | 'filters' | 'clusters' | 'bits';

/** The compiler requires a row for each, here and in `core/techniques/index.ts`. */
export type TechniqueId =
  'pruning' | 'clustering' | 'sparsity-preserving-clustering' | 'ptq' | 'ptq4' | 'qat' | 'pqat' | 'cqat' | 'pcqat' | 'fine-tuning';

export interface TechniqueRow {
  /** Label of an edge of the tree; translated. */
  readonly title: string;
  /** Last part of the ids of its nodes. */
  readonly node: string;
  /** In the titles of nodes: `Pruned model`, `QAT, pruned model`; translated with them. */
  readonly adjective: string;
  /** Key of its options in the recipe. */
  readonly options: keyof TechniqueOptions;
  /** Constraints of the parent that stay in force; `all` for techniques that keep every constraint satisfied. */
  readonly inherits: 'all' | readonly ConstraintKind[];
  readonly adds: ConstraintKind | undefined;
  /** Of its models; an int8 one is a file to deploy. */
  readonly precision: 'fp32' | 'int8';
  readonly trains: boolean;
  /** Appears only when the recipe names it. */
  readonly onRequest?: true;
  /** Of the integer grid that it adds, where neither its options nor a rule for a layer say otherwise; default: 8. */
  readonly weightBits?: WeightBits;
  /** What rules for single layers may say: the word that excludes a kernel, its settings, and whether the type of activations. */
  readonly layerRules?: {
    readonly exclude: NonNullable<LayerRule['exclude']>[number];
    readonly fields: readonly LayerField[];
    readonly activations?: true;
  };
}

export const techniqueTable = {
  pruning: {
    title: 'pruning',
    node: 'pruned',
    adjective: 'Pruned',
    options: 'pruning',
    inherits: [],
    adds: 'sparsity',
    precision: 'fp32',
    trains: true,
    layerRules: { exclude: 'pruning', fields: ['sparsity', 'filters'] },
  },
  clustering: {
    title: 'clustering',
    node: 'clustered',
    adjective: 'Clustered',
    options: 'clustering',
    inherits: [],
    adds: 'codebook',
    precision: 'fp32',
    trains: true,
    layerRules: { exclude: 'clustering', fields: ['clusters'] },
  },
  'sparsity-preserving-clustering': {
    title: 'sparsity-preserving clustering',
    node: 'clustered',
    adjective: 'Clustered',
    options: 'sparsityPreservingClustering',
    inherits: ['sparsity'],
    adds: 'codebook',
    precision: 'fp32',
    trains: true,
    layerRules: { exclude: 'clustering', fields: ['clusters'] },
  },
  ptq: {
    title: 'post-training quantization',
    node: 'ptq',
    adjective: 'Quantized',
    options: 'ptq',
    inherits: 'all',
    adds: 'integerGrid',
    precision: 'int8',
    trains: false,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  ptq4: {
    title: 'post-training quantization, 4-bit weights',
    node: 'ptq4',
    adjective: '4-bit quantized',
    options: 'ptq4',
    inherits: 'all',
    adds: 'integerGrid',
    precision: 'int8',
    trains: false,
    onRequest: true,
    weightBits: 4,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  qat: {
    title: 'QAT',
    node: 'qat',
    adjective: 'QAT',
    options: 'qat',
    inherits: [],
    adds: 'integerGrid',
    precision: 'int8',
    trains: true,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  pqat: {
    title: 'PQAT',
    node: 'pqat',
    adjective: 'QAT',
    options: 'pqat',
    inherits: ['sparsity'],
    adds: 'integerGrid',
    precision: 'int8',
    trains: true,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  cqat: {
    title: 'CQAT',
    node: 'cqat',
    adjective: 'QAT',
    options: 'cqat',
    inherits: ['codebook'],
    adds: 'integerGrid',
    precision: 'int8',
    trains: true,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  pcqat: {
    title: 'PCQAT',
    node: 'pcqat',
    adjective: 'QAT',
    options: 'pcqat',
    inherits: ['sparsity', 'codebook'],
    adds: 'integerGrid',
    precision: 'int8',
    trains: true,
    layerRules: { exclude: '4-bit', fields: ['bits'], activations: true },
  },
  'fine-tuning': {
    title: 'fine-tuning',
    node: 'fine-tuned',
    adjective: 'Fine-tuned',
    options: 'fineTuning',
    inherits: [],
    adds: undefined,
    precision: 'fp32',
    trains: true,
  },
} as const satisfies Readonly<Record<TechniqueId, TechniqueRow>>;

/** Of the recipe, for one technique. */
export type OptionsOf<Id extends TechniqueId> = Exclude<
  NonNullable<TechniqueOptions[(typeof techniqueTable)[Id]['options']]>,
  false | readonly unknown[]
>;

/** In the order of the tree. */
export const techniqueIds: readonly TechniqueId[] = Object.keys(techniqueTable).filter(isTechnique);

export function isTechnique(id: string): id is TechniqueId {
  return Object.hasOwn(techniqueTable, id);
}

export function techniqueRow(id: TechniqueId): TechniqueRow {
  return techniqueTable[id];
}

/** Whether the constraint of the parent stays in force. */
export function inherits({ inherits: kept }: TechniqueRow, kind: ConstraintKind): boolean {
  return kept === 'all' || kept.includes(kind);
}

/** The row that adds this constraint and keeps exactly those in force: QAT of a pruned model is PQAT. */
export function preservingTechnique(adds: ConstraintKind, inForce: ReadonlySet<ConstraintKind>): TechniqueId | undefined {
  return techniqueIds.find((id) => {
    const row = techniqueRow(id);
    return row.trains && row.adds === adds && row.inherits !== 'all' && sameKinds(row.inherits, inForce);
  });
}

function sameKinds(kinds: readonly ConstraintKind[], others: ReadonlySet<ConstraintKind>): boolean {
  return kinds.length === others.size && kinds.every((kind) => others.has(kind));
}
