import type { TechniqueRow } from '../../shared/techniques.ts';
import { type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { unmixActivations } from '../quantize/mix-activations.ts';
import { planActivations } from '../quantize/plan-activations.ts';
import type { QuantizedNetwork, Range, TensorQuantization } from '../quantize/quantization.ts';
import { coveredRange } from '../quantize/range-quantization.ts';
import { integerGridOf, roundedNetwork } from '../quantize/rounded-network.ts';
import { prepareModelForDeployment } from './fold-constraints.ts';
import { inheritConstraints } from './inheritance.ts';
import { quantizeAfterTraining } from './post-training-quantization.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';
import { type LayerPrecision, wholeInt8 } from './int16-layers.ts';

/**
 * The model that quantization after training gives, as quantization-aware training would return it: weights on their
 * grids, the grids as constraints beside the inherited ones, ranges that lead to the same scales and zero points.
 *
 * @param precision of single layers
 */
export async function quantizedWithoutTraining(
  model: OptimizedModel,
  row: TechniqueRow,
  context: TechniqueContext,
  precision: LayerPrecision = wholeInt8,
): Promise<OptimizedModel> {
  const start = { ...model, constraints: inheritConstraints(model.constraints, row) };
  const { quantized } = await quantizeAfterTraining(start, {}, context, precision);
  return {
    network: unmixActivations(roundedNetwork(quantized)),
    constraints: withGridsOf(quantized, prepareModelForDeployment(start).constraints),
    ranges: rangesOf(quantized),
  };
}

function withGridsOf({ weights }: QuantizedNetwork, constraints: NetworkConstraints): NetworkConstraints {
  const all = new Map(constraints);
  for (const [parameter, quantization] of weights) {
    all.set(parameter, withConstraint(all.get(parameter) ?? [], { ...integerGridOf(quantization), scaling: 'fixed' }));
  }
  return all;
}

function rangesOf({ network, activations }: QuantizedNetwork): ReadonlyMap<string, Range> {
  const observed = planActivations(network).groups.filter((group) => group.fixed === undefined);
  return new Map(
    observed.flatMap(({ id }) => {
      const parameters = activations.get(id);
      return parameters === undefined ? [] : [[id, rangeOf(parameters)] as const];
    }),
  );
}

/** A range that leads to these parameters again: the codes of int16 reach one step further below zero than the scale is made for. */
function rangeOf(parameters: TensorQuantization): Range {
  const { minimum, maximum } = coveredRange(parameters);
  return parameters.type === 'int16' ? { minimum: -maximum, maximum } : { minimum, maximum };
}
