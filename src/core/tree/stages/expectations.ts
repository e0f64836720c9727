import { findConstraint } from '../../constraints/constraint.ts';
import type { Constraints } from '../../constraints/constraint.ts';
import type { Expectations, WeightExpectation } from '../../measure/expectation.ts';
import { kernelsOf, quantizationGranularity } from '../../techniques/kernels.ts';
import type { Kernel } from '../../techniques/kernels.ts';
import type { OptimizedModel } from '../../techniques/technique.ts';
import type { Stage } from '../deployment-tree.ts';

/**
 * What a node's .tflite must show, from the constraints that were in force when it was made.
 *
 * @param model as it was deployed (batch norms folded): its kernels are the file's, in order
 * @param lineage stages from the root to the node
 */
export function expectationsOf(model: OptimizedModel, lineage: readonly Stage[], fullInteger: boolean): Expectations {
  const weights = kernelsOf(model.network).map((kernel, index): WeightExpectation => {
    const constraints = model.constraints.get(kernel.parameter) ?? [];
    return { layer: kernel.layer, kernel: index, ...zerosOf(constraints, lineage), ...uniqueValuesOf(kernel, constraints, fullInteger) };
  });
  return { weights, fullInteger };
}

function zerosOf(constraints: Constraints, lineage: readonly Stage[]): Partial<WeightExpectation> {
  const sparsity = findConstraint(constraints, 'sparsity');
  if (sparsity === undefined) return {};
  const zeros = sparsity.mask.reduce((count, kept) => count + (kept === 0 ? 1 : 0), 0);
  const pruning = lineage.find((stage) => stage.technique === 'pruning');
  const structure = pruning?.technique === 'pruning' ? pruning.options.structure : undefined;
  const groups = typeof structure === 'object' && structure.kind === 'groups' ? structure : undefined;
  return {
    zeros,
    keepsParentZeros: true,
    ...(groups === undefined || zeros === 0 ? {} : { group: { zeros: groups.zeros, groupSize: groups.group } }),
  };
}

/** Integers of different channels differ where their scales do, unless the codebook itself is of integers. */
function uniqueValuesOf(kernel: Kernel, constraints: Constraints, integer: boolean): Partial<WeightExpectation> {
  const codebook = findConstraint(constraints, 'codebook');
  if (codebook === undefined) return {};
  const oneCodebook = codebook.granularity.kind === 'tensor';
  const oneScale = integer ? quantizationGranularity(kernel.operation).kind === 'tensor' : true;
  const sameUnits = codebook.units === undefined || codebook.units.scales.every((unit) => unit === codebook.units?.scales[0]);
  const positiveUnits = codebook.units === undefined || codebook.units.scales.every((unit) => unit > 0);
  const sharedIntegers = integer && codebook.integers === true && positiveUnits;
  return {
    uniqueValuesPerChannel: codebook.clusters,
    ...(oneCodebook && ((oneScale && sameUnits) || sharedIntegers) ? { uniqueValues: codebook.clusters } : {}),
  };
}
