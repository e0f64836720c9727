import type { Constraints, NetworkConstraints } from '../../src/core/constraints/constraint.ts';
import type { Network } from '../../src/core/network/network.ts';
import { channelAxis, hasKernel } from '../../src/core/network/kernel-operations.ts';
import { prepareForDeployment } from '../../src/core/network/passes/prepare-for-deployment.ts';
import { ActivationQuantizers } from '../../src/core/train/activation-quantizers.ts';
import { trainedParameters } from '../../src/core/train/trained-parameters.ts';
import type { TrainingSetup } from '../../src/core/train/training-program.ts';

export const variants = ['plain', 'masks', 'fake quantization'] as const;
export type Variant = (typeof variants)[number];

/** A step of Adam on cross-entropy. Fake quantization is of the network as it is deployed: batch norms folded, ReLU fused. */
export function trainingSetup(original: Network, variant: Variant): TrainingSetup {
  const network = variant === 'fake quantization' ? prepareForDeployment(original) : original;
  return {
    network,
    parameters: trainedParameters(network, 'training', new Set()),
    constraints: constraintsOf(network, variant),
    denseMaskGradients: false,
    quantizers:
      variant === 'fake quantization'
        ? new ActivationQuantizers(network, { ranges: wideRanges(network), freezeAfterStep: 0, decay: 0.999 })
        : undefined,
    target: { kind: 'classes', classes: network.values.get(network.outputs[0] ?? '')?.shape[0] ?? 1, names: undefined },
    loss: { kind: 'crossEntropy' },
    optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    batchNorm: 'training',
    frozen: new Set(),
    gradientClipNorm: undefined,
  };
}

function constraintsOf(network: Network, variant: Variant): NetworkConstraints {
  const constraints = new Map<string, Constraints>();
  if (variant === 'plain') return constraints;
  for (const operation of network.operations) {
    if (!hasKernel(operation)) continue;
    const kernel = network.parameters.get(operation.kernel);
    if (kernel === undefined) continue;
    if (variant === 'masks') {
      if (operation.kind !== 'depthwiseConv2d')
        constraints.set(operation.kernel, [{ kind: 'sparsity', mask: Uint8Array.from(kernel.data, (_, i) => i % 2) }]);
      continue;
    }
    const axis = channelAxis(operation);
    const perChannel = operation.kind !== 'dense';
    const scales = new Float32Array(perChannel ? (kernel.shape[axis] ?? 1) : 1).fill(1 / 127);
    constraints.set(operation.kernel, [
      { kind: 'integerGrid', granularity: perChannel ? { kind: 'channel', axis } : { kind: 'tensor' }, scales },
    ]);
  }
  return constraints;
}

function wideRanges(network: Network): ReadonlyMap<string, { readonly minimum: number; readonly maximum: number }> {
  return new Map([...network.values.keys()].map((id) => [id, { minimum: -6, maximum: 6 }]));
}
