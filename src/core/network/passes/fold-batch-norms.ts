/**
 * Folds batch normalization into the kernel and bias before it:
 * `gamma * (k * x + b - mean) / sqrt(variance + epsilon) + beta = (f * k) * x + (f * (b - mean) + beta)` with the
 * factor `f = gamma / sqrt(variance + epsilon)` of each output channel, which may be negative or zero.
 * Krishnamoorthi 2018, arXiv:1806.08342, section 3.2.2.
 */
import type { Network, Parameter, ParameterId, ValueId } from '../network.ts';
import type { BatchNorm, Operation } from '../operations.ts';
import { channelAxis, hasKernel, type KernelOperation } from '../kernel-operations.ts';
import { dropUnused, type Uses, usesOf } from './rewrite.ts';

/** The batch norm that a kernel can take in: the only reader of what it gives. */
export function foldableBatchNorm(uses: Uses, operation: Operation): BatchNorm | undefined {
  const follower = hasKernel(operation) && operation.activation === 'none' ? uses.soleConsumer(operation.output) : undefined;
  return follower?.kind === 'batchNorm' ? follower : undefined;
}

/**
 * A batch norm that follows no kernel of its own stays; see `convertBatchNorms`. Kernels keep their parameter ids.
 *
 * @param leaves outputs of batch norms that are not to be folded
 */
export function foldBatchNorms(network: Network, leaves: ReadonlySet<ValueId> = new Set()): Network {
  const uses = usesOf(network);
  const parameters = new Map(network.parameters);
  const folded = new Set<ValueId>();
  const operations: Operation[] = [];
  for (const operation of network.operations) {
    if (folded.has(operation.output)) continue;
    const follower = foldableBatchNorm(uses, operation);
    if (!hasKernel(operation) || follower === undefined || leaves.has(follower.output)) {
      operations.push(operation);
      continue;
    }
    const kernel = network.parameters.get(operation.kernel);
    if (kernel === undefined) throw new Error(`parameter "${operation.kernel}" is missing`);
    const affine = affineOf(follower, network.parameters);
    // A kernel that several layers share is folded into a copy, for the others have batch norms of their own.
    const shared = uses.parameterUsers(operation.kernel) > 1;
    const kernelId = shared ? `${operation.name}/kernel/folded` : operation.kernel;
    const biasId =
      shared || operation.bias === undefined || uses.parameterUsers(operation.bias) > 1
        ? freshId(parameters, `${operation.name}/bias`)
        : operation.bias;
    const bias = operation.bias === undefined ? undefined : network.parameters.get(operation.bias);
    parameters.set(kernelId, scaleChannels(kernel, channelAxis(operation), affine.scale));
    parameters.set(biasId, {
      shape: [affine.scale.length],
      data: affine.offset.map((offset, c) => offset + (affine.scale[c] ?? 0) * (bias?.data[c] ?? 0)),
    });
    folded.add(follower.output);
    operations.push(withFolded(operation, kernelId, biasId, follower.output));
  }
  return dropUnused({ ...network, operations, parameters });
}

function withFolded(operation: KernelOperation, kernel: ParameterId, bias: ParameterId, output: ValueId): KernelOperation {
  return { ...operation, kernel, bias, output };
}

/** The batch norm as `x * scale + offset`, each `[c]`; computed in double precision. */
export function affineOf(
  operation: BatchNorm,
  parameters: ReadonlyMap<ParameterId, Parameter>,
): { readonly scale: Float32Array; readonly offset: Float32Array } {
  const data = (id: ParameterId): Float32Array => {
    const parameter = parameters.get(id);
    if (parameter === undefined) throw new Error(`parameter "${id}" is missing`);
    return parameter.data;
  };
  const [gamma, beta, mean, variance] = [data(operation.gamma), data(operation.beta), data(operation.mean), data(operation.variance)];
  const factor = Array.from(gamma, (g, c) => g / Math.sqrt((variance[c] ?? 0) + operation.epsilon));
  return {
    scale: Float32Array.from(factor),
    offset: Float32Array.from(beta, (b, c) => b - (mean[c] ?? 0) * (factor[c] ?? 0)),
  };
}

function scaleChannels(kernel: Parameter, axis: number, factors: Float32Array): Parameter {
  const channels = kernel.shape[axis] ?? 1;
  const inner = kernel.shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const data = kernel.data.map((weight, i) => weight * (factors[Math.floor(i / inner) % channels] ?? 1));
  return { shape: kernel.shape, data };
}

function freshId(parameters: ReadonlyMap<ParameterId, Parameter>, wanted: ParameterId): ParameterId {
  let id = wanted;
  for (let n = 1; parameters.has(id); n++) id = `${wanted}_${n}`;
  return id;
}

/**
 * Batch norms that could not be folded become `x * scale + offset`, which every runtime has.
 *
 * @param leaves outputs of batch norms that stay as they are
 */
export function convertBatchNorms(network: Network, leaves: ReadonlySet<ValueId> = new Set()): Network {
  const parameters = new Map(network.parameters);
  const operations = network.operations.map((operation): Operation => {
    if (operation.kind !== 'batchNorm' || leaves.has(operation.output)) return operation;
    const affine = affineOf(operation, network.parameters);
    const scale = `${operation.name}/scale`;
    const offset = `${operation.name}/offset`;
    parameters.set(scale, { shape: [affine.scale.length], data: affine.scale });
    parameters.set(offset, { shape: [affine.offset.length], data: affine.offset });
    const { name, layer, inputs, output } = operation;
    return { kind: 'rescale', name, layer, inputs, output, scale, offset, learned: false };
  });
  return dropUnused({ ...network, operations, parameters });
}
