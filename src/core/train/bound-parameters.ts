import type { Constraints, NetworkConstraints } from '../constraints/constraint.ts';
import type { StepInput, Trainable } from '../constraints/constraint-behaviour.ts';
import { lowerConstraints, projectWeights } from '../constraints/composition.ts';
import { maskName } from '../constraints/sparsity.ts';
import type { Network, ParameterId } from '../network/network.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { unpackTensors } from './flat-layout.ts';
import type { TrainedParameters } from './trained-parameters.ts';

/** The parameters of a network as tensors of one program. */
export interface BoundParameters {
  /** The weight that the network uses: projected where it is constrained. */
  parameter(id: ParameterId): Tensor;
  /** The learned parameters before their constraints, in the kernel's shape: what gradients are taken of. */
  readonly latents: ReadonlyMap<ParameterId, Tensor>;
  /** The latents as they are stored, pruned weights set to zero unless they go on learning: what an update starts from. */
  readonly stored: ReadonlyMap<ParameterId, Tensor>;
  readonly trainables: readonly BoundTrainable[];
  readonly stepInputs: readonly StepInput[];
}

/** With the parameter that it helps to constrain. */
export interface BoundTrainable extends Trainable {
  readonly parameter: ParameterId;
}

/**
 * Whether masked weights get gradients: never; at each step, of which the next one forgets what it did; or `kept`, so
 * that they go on learning behind the mask.
 */
export type MaskedGradients = boolean | 'kept';

/**
 * Learned parameters and moving statistics become inputs (`weights`, `statistics`: one vector each), all others
 * constants.
 *
 * @param denseGradients parameters whose masked weights get gradients too, so that a mask that still moves can let them
 *   grow back; the others' masked weights do not learn
 */
export function bindParameters(
  builder: ProgramBuilder,
  network: Network,
  parameters: TrainedParameters,
  constraints: NetworkConstraints,
  denseGradients: MaskedGradients,
): BoundParameters {
  const latents = unpackTensors(builder, parameters.learned, builder.input('weights', [parameters.learned.length]));
  const statistics =
    parameters.statistics.length === 0
      ? new Map<string, Tensor>()
      : unpackTensors(builder, parameters.statistics, builder.input('statistics', [parameters.statistics.length]));
  const stored = new Map(latents);
  const values = new Map<ParameterId, Tensor>([...latents, ...statistics]);
  const trainables: BoundTrainable[] = [];
  const stepInputs: StepInput[] = [];
  for (const [id, latent] of latents) {
    const list = constraints.get(id);
    if (list === undefined || list.length === 0) continue;
    const sparsity = list.find((constraint) => constraint.kind === 'sparsity');
    let constrained = { latent, list };
    if (sparsity !== undefined) {
      const mask = builder.input(maskName(id), latent.shape);
      const masked = builder.mul(latent, mask);
      if (denseGradients !== 'kept') stored.set(id, masked);
      if (denseGradients !== false) {
        constrained = { latent: builder.straightThrough(masked, latent), list: list.filter((constraint) => constraint !== sparsity) };
        stepInputs.push({ name: maskName(id), tensor: mask, initial: Float32Array.from(sparsity.mask) });
      }
    }
    const lowered = lowerConstraints(builder, id, constrained.latent, constrained.list);
    values.set(id, lowered.value);
    trainables.push(...lowered.trainables.map((trainable) => ({ ...trainable, parameter: id })));
    stepInputs.push(...lowered.stepInputs);
  }
  return {
    parameter: (id) => {
      const known = values.get(id);
      if (known !== undefined) return known;
      const constant = constantParameter(builder, network, id, constraints.get(id) ?? []);
      values.set(id, constant);
      return constant;
    },
    latents,
    stored,
    trainables,
    stepInputs,
  };
}

function constantParameter(builder: ProgramBuilder, network: Network, id: ParameterId, constraints: Constraints): Tensor {
  const parameter = network.parameters.get(id);
  if (parameter === undefined) throw new RangeError(`network "${network.name}" has no parameter "${id}"`);
  return builder.constant(projectWeights(parameter.data, parameter.shape, constraints), parameter.shape);
}
