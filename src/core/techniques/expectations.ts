import { channelMaxima } from '../constraints/channels.ts';
import { type Constraints, findConstraint, type Granularity } from '../constraints/constraint.ts';
import type { Expectations, WeightExpectation } from '../measure/expectation.ts';
import type { PruningStructure } from './pruning/pruning-structure.ts';
import { type Kernel, kernelsOf, quantizationGranularity } from './kernels.ts';
import type { OptimizedModel } from './technique.ts';

/**
 * What the .tflite of a model must show, from the constraints that were in force when it was made: the certificate
 * checks it against the file alone.
 *
 * @param structure of the pruning that the model, or the one it came from, went through
 */
export function expectationsOf(
  model: Pick<OptimizedModel, 'network' | 'constraints'>,
  options: { readonly structure?: PruningStructure; readonly fullInteger?: boolean } = {},
): Expectations {
  const weights = kernelsOf(model.network).flatMap((kernel) => {
    const expected = kernelExpectation(kernel, model.constraints.get(kernel.parameter) ?? [], options.structure);
    return expected === undefined ? [] : [expected];
  });
  return { weights, ...(options.fullInteger === undefined ? {} : { fullInteger: options.fullInteger }) };
}

function kernelExpectation(
  kernel: Kernel,
  constraints: Constraints,
  structure: PruningStructure | undefined,
): WeightExpectation | undefined {
  const sparsity = findConstraint(constraints, 'sparsity');
  const codebook = findConstraint(constraints, 'codebook');
  const zeros = sparsity?.mask.reduce((count, keep) => count + (keep === 0 ? 1 : 0), 0) ?? 0;
  if (zeros === 0 && codebook === undefined) return undefined;
  return {
    layer: kernel.layer,
    ...(zeros === 0 ? {} : { zeros }),
    ...(zeros > 0 && structure?.kind === 'groups' ? { group: { zeros: structure.zeros, groupSize: structure.group } } : {}),
    ...(codebook === undefined ? {} : { uniqueValuesPerChannel: codebook.clusters }),
    ...(codebook === undefined || codebook.granularity.kind === 'channel' || !sharesIntegers(kernel, codebook.units?.scales)
      ? {}
      : { uniqueValues: codebook.clusters }),
  };
}

/** One codebook is one set of integers where every channel has a scale that follows its unit's sign and size. */
function sharesIntegers(kernel: Kernel, units: Float32Array | undefined): boolean {
  if (units === undefined) return true;
  const granularity: Granularity = quantizationGranularity(kernel.operation);
  if (granularity.kind === 'tensor') return units.length === 1;
  const used = channelMaxima(kernel.data, kernel.shape, granularity);
  return units.every((unit, channel) => unit > 0 || used[channel] === 0);
}
