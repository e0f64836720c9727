/** The code of each row of the table of techniques. */
import { type OptionsOf, type TechniqueId, techniqueRow } from '../../shared/techniques.ts';
import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { VariantOptions } from '../../shared/recipe/variant-options.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { clustering } from './clustering.ts';
import { fineTuning } from './fine-tuning.ts';
import { postTrainingQuantization } from './post-training-quantization.ts';
import { pruning } from './pruning.ts';
import { quantizationAwareTraining } from './quantization-aware-training.ts';
import type { OptimizedModel, Technique, TechniqueContext, TechniqueResult } from './technique.ts';

const techniques: { readonly [Id in TechniqueId]: Technique<OptionsOf<Id>> } = {
  pruning,
  clustering,
  'sparsity-preserving-clustering': clustering,
  ptq: postTrainingQuantization,
  ptq4: postTrainingQuantization,
  qat: quantizationAwareTraining,
  pqat: quantizationAwareTraining,
  cqat: quantizationAwareTraining,
  pcqat: quantizationAwareTraining,
  'fine-tuning': fineTuning,
};

/** A technique with its options, as a stage of the tree has it. */
export type TechniqueStage<Id extends TechniqueId = TechniqueId> = {
  [Each in Id]: { readonly technique: Each; readonly options: OptionsOf<Each> };
}[Id];

/**
 * Applies a technique to a model.
 *
 * @throws EspalierError before training for what `checkTechnique` finds; `cancelled`
 * @example await applyTechnique({ technique: 'pqat', options: { epochs: 2 } }, pruned.model, context)
 */
export function applyTechnique<Id extends TechniqueId>(
  { technique, options }: TechniqueStage<Id>,
  model: OptimizedModel,
  context: TechniqueContext,
  rules: readonly LayerRule[] = [],
): Promise<TechniqueResult> {
  return techniques[technique].apply(model, { row: techniqueRow(technique), options, rules: withOwnRules(rules, options) }, context);
}

/**
 * Checks a technique's options against the network before anything is trained.
 *
 * @param zeros kernels of which the parent has zeros to keep
 * @returns those of the result
 * @throws EspalierError `invalid-argument` for options or a layer pattern that do not go with the network
 */
export function checkTechnique<Id extends TechniqueId>(
  { technique, options }: TechniqueStage<Id>,
  network: Network,
  rules: readonly LayerRule[],
  zeros: ReadonlySet<ParameterId>,
): ReadonlySet<ParameterId> {
  return (
    techniques[technique].check?.(network, { row: techniqueRow(technique), options, rules: withOwnRules(rules, options) }, zeros) ?? zeros
  );
}

/** The recipe's rules, then the variant's: a later one wins. */
function withOwnRules(rules: readonly LayerRule[], { layers = [] }: VariantOptions): readonly LayerRule[] {
  return layers.length === 0 ? rules : [...rules, ...layers];
}
