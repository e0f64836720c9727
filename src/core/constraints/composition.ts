/**
 * Applies a list of constraints to a kernel: each in turn, by its own behaviour. No pair of constraints has its own code
 * here.
 */
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import type { Network } from '../network/network.ts';
import { codebookBehaviour } from './codebook.ts';
import type { ConstraintBehaviour, FileKernel, Levels, StepInput, Trainable } from './constraint-behaviour.ts';
import type { ChannelUnits, Constraint, Constraints, NetworkConstraints } from './constraint.ts';
import type { WeightExpectation } from './expectation.ts';
import { integerGridBehaviour } from './integer-grid.ts';
import { sparsityBehaviour } from './sparsity.ts';

/** The only place that distinguishes kinds of constraints. */
export function behaviourOf(constraint: Constraint): ConstraintBehaviour {
  switch (constraint.kind) {
    case 'sparsity':
      return sparsityBehaviour(constraint);
    case 'codebook':
      return codebookBehaviour(constraint);
    case 'integerGrid':
      return integerGridBehaviour(constraint);
  }
}

/**
 * The weights that satisfy the constraints and that the forward pass uses; what `lowerConstraints` computes, in plain
 * JavaScript.
 */
export function projectWeights(weights: Float32Array, shape: readonly number[], constraints: Constraints): Float32Array {
  return constraints.reduce((projected, constraint) => behaviourOf(constraint).project(projected, shape), weights);
}

/** The network with every constrained weight projected; the others are the same arrays. */
export function projectNetwork(network: Network, constraints: NetworkConstraints): Network {
  const parameters = new Map(network.parameters);
  for (const [id, list] of constraints) {
    const parameter = parameters.get(id);
    if (parameter !== undefined) parameters.set(id, { ...parameter, data: projectWeights(parameter.data, parameter.shape, list) });
  }
  return { ...network, parameters };
}

/** A constrained weight inside a training program. */
export interface LoweredWeight {
  /**
   * The projected weight that the forward pass uses; gradients flow straight through to the latent weight and
   * trainables.
   */
  readonly value: Tensor;
  readonly trainables: readonly Trainable[];
  readonly stepInputs: readonly StepInput[];
}

/**
 * Appends the projection of a latent weight (in the kernel's own shape) to a training program. `name` makes the names of
 * step inputs and trainables.
 */
export function lowerConstraints(builder: ProgramBuilder, name: string, latent: Tensor, constraints: Constraints): LoweredWeight {
  let value = latent;
  let maximum: Tensor | undefined;
  const trainables: Trainable[] = [];
  const stepInputs: StepInput[] = [];
  for (const constraint of constraints) {
    const lowered = behaviourOf(constraint).lower(builder, name, value, maximum);
    value = lowered.value;
    maximum = lowered.maximum ?? maximum;
    trainables.push(...(lowered.trainables ?? []));
    stepInputs.push(...(lowered.stepInputs ?? []));
  }
  return { value, trainables, stepInputs };
}

/** The constraints of a kernel whose output channels were multiplied by these factors. */
export function scaleConstraints(constraints: Constraints, factors: ChannelUnits): Constraints {
  return constraints.map((constraint) => behaviourOf(constraint).fold(factors));
}

/**
 * The constraints after training: the last mask, the centroids that were learned, the scales of the final weights.
 *
 * @param latent the trained weights before their constraints, in the kernel's shape
 * @param trained the names of the trainables and step inputs of the weight, or of all weights, to their values
 * @param name the weight's own, as given to `lowerConstraints`
 */
export function refreshConstraints(
  latent: Float32Array,
  shape: readonly number[],
  constraints: Constraints,
  trained: ReadonlyMap<string, Float32Array>,
  name: string,
): Constraints {
  return constraints.reduce<Constraints>(
    (before, constraint) => [
      ...before,
      behaviourOf(constraint).refresh({
        name,
        shape,
        trained,
        projected: () => projectWeights(latent, shape, before),
        levels: levelsOf(before),
      }),
    ],
    [],
  );
}

/** The few values that the constraints leave; undefined where weights stay continuous. */
export function levelsOf(constraints: Constraints): Levels | undefined {
  return constraints.map((constraint) => behaviourOf(constraint).levels).findLast((levels) => levels !== undefined);
}

/** What the certificate checks of a kernel with these constraints. */
export function promiseOf(constraints: Constraints, kernel: FileKernel): Partial<WeightExpectation> {
  return Object.assign({}, ...constraints.map((constraint) => behaviourOf(constraint).promise(kernel)));
}
