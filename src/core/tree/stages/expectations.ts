import { promiseOf } from '../../constraints/composition.ts';
import { findConstraint } from '../../constraints/constraint.ts';
import type { Expectations, SharedZeros, WeightExpectation } from '../../constraints/expectation.ts';
import { kernelsOf, quantizationGranularity } from '../../techniques/kernels.ts';
import type { OptimizedModel } from '../../techniques/technique.ts';

/**
 * What a node's .tflite must show, from the constraints that were in force when it was made.
 *
 * @param model as it was deployed (batch norms folded): its kernels are the file's, in order
 */
export function expectationsOf(model: OptimizedModel, fullInteger: boolean, keepsParentZeros: boolean): Expectations {
  const kernels = kernelsOf(model.network).map((kernel) => ({ kernel, constraints: model.constraints.get(kernel.parameter) ?? [] }));
  const weights = kernels.map(({ kernel, constraints }, index): WeightExpectation => {
    const promise = promiseOf(constraints, { integer: fullInteger, granularity: quantizationGranularity(kernel.operation) });
    return {
      layer: kernel.layer,
      kernel: index,
      ...promise,
      ...(keepsParentZeros && promise.zeros !== undefined ? { keepsParentZeros: true } : {}),
    };
  });
  return { weights, sharedZeros: sharedZerosOf(kernels.map(({ constraints }) => constraints)), fullInteger };
}

/** A demand on several kernels together is repeated for each of them. */
function sharedZerosOf(kernels: readonly Parameters<typeof findConstraint>[0][]): SharedZeros | undefined {
  const shared = kernels.flatMap((constraints, index) => {
    const demand = findConstraint(constraints, 'sparsity')?.demand;
    return demand?.kind === 'shared' ? [{ index, zeros: demand.zeros }] : [];
  });
  const [first] = shared;
  return first && { kernels: shared.map(({ index }) => index), zeros: first.zeros };
}
