import type { ValueTransform } from '../lowering/inference.ts';
import type { Network, ValueId } from '../network/network.ts';
import { constantRange, fakeQuantize } from './fake-quantize.ts';
import { type ActivationPlan, planActivations } from './plan-activations.ts';
import type { TensorQuantization } from './quantization.ts';

/**
 * Rounds activations as the integer .tflite does, for `compileInference`. Weights are taken as they are.
 *
 * @param activations one entry for each group of values that share a scale is enough
 */
export function roundActivations(network: Network, activations: ReadonlyMap<ValueId, TensorQuantization>): ValueTransform {
  const plan = planActivations(network);
  const quantizations = quantizedValues(plan, activations);
  return (builder, id, value) => {
    const quantization = quantizations.get(id);
    if (quantization === undefined) return value;
    const range = constantRange(builder, quantization);
    const ties = quantization.type === 'int8' && plan.integerMeans.has(id) ? 'awayFromZero' : 'up';
    return value.nonDecreasing((x) => fakeQuantize(builder, x, range, { ties }));
  };
}

/** Where the integer kernels round: at the values that bring new numbers into a group and those that average within it. */
function quantizedValues(
  plan: ActivationPlan,
  activations: ReadonlyMap<ValueId, TensorQuantization>,
): ReadonlyMap<ValueId, TensorQuantization> {
  if (activations.size === 0) return activations;
  return new Map(
    plan.groups.flatMap(({ values, sources, rounded }) => {
      const quantization = values.map((id) => activations.get(id)).find((entry) => entry !== undefined);
      return quantization === undefined ? [] : [...sources, ...rounded].map((id) => [id, activations.get(id) ?? quantization] as const);
    }),
  );
}
