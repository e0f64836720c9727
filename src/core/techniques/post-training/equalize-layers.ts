/** Cross-layer equalization: Nagel et al. 2019, arXiv:1906.04721, section 4.1. */
import { findConstraint, type NetworkConstraints } from '../../constraints/constraint.ts';
import { factsOf, shapesAround } from '../../network/kinds/operation-table.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import type { Operation } from '../../network/operations.ts';
import { channelAxis, hasKernel, inputChannel, type KernelOperation } from '../../network/kernel-operations.ts';
import { type Uses, usesOf } from '../../network/passes/rewrite.ts';

/** Passes over chains of layers: each pair moves the ranges of its neighbours. */
const mostPasses = 40;
const convergedBelow = 1e-4;

interface Pair {
  readonly first: KernelOperation;
  readonly second: KernelOperation;
  readonly channels: number;
}

/**
 * Moves scale between layers that follow each other, channel by channel, until the weights that compute a channel and
 * those that read it have the same range. With r1 and r2 the largest magnitudes of the two for a channel,
 *
 *     s = sqrt(r1 / r2),   W1 = W1 / s,   b1 = b1 / s,   W2 = W2 s
 *
 * (equation 11). The network computes the same function and keeps its zeros, while one scale for a whole kernel rounds
 * each channel better. Kernels on a codebook or an integer grid stay as they are.
 *
 * @param network as `prepareForDeployment` gave it
 */
export function equalizeLayers(network: Network, constraints: NetworkConstraints): Network {
  const pairs = pairsOf(network, constraints);
  const parameters = new Map(network.parameters);
  for (let pass = 0; pass < mostPasses; pass++) {
    const moved = Math.max(0, ...pairs.map((pair) => equalizePair(pair, parameters)));
    if (moved < convergedBelow) break;
  }
  return { ...network, parameters };
}

function pairsOf(network: Network, constraints: NetworkConstraints): readonly Pair[] {
  const uses = usesOf(network);
  const movable = (operation: KernelOperation): boolean => {
    const list = constraints.get(operation.kernel) ?? [];
    const own = [operation.kernel, operation.bias].every((id) => id === undefined || uses.parameterUsers(id) === 1);
    return own && findConstraint(list, 'codebook') === undefined && findConstraint(list, 'integerGrid') === undefined;
  };
  return network.operations.filter(hasKernel).flatMap((first) => {
    // relu6 has a fixed bound, so that it does not follow a scale.
    if (first.activation === 'relu6' || !movable(first)) return [];
    const second = nextKernel(first, network, uses);
    const channels = network.values.get(first.output)?.shape.at(-1) ?? 0;
    return second === undefined || !movable(second) ? [] : [{ first, second, channels }];
  });
}

/** The kernel that alone reads a layer's output, with nothing between that a positive factor would not pass through. */
function nextKernel(first: KernelOperation, network: Network, uses: Uses): KernelOperation | undefined {
  let current: Operation = first;
  for (;;) {
    const next = uses.soleConsumer(current.output);
    if (next === undefined || hasKernel(next)) return next;
    if (factsOf(next).passesScale?.(next, shapesAround(next, network)) !== true) return undefined;
    current = next;
  }
}

/** @returns how far the largest factor was from 1 */
function equalizePair(
  { first, second, channels }: Pair,
  parameters: Map<ParameterId, { readonly shape: readonly number[]; readonly data: Float32Array }>,
): number {
  const computes = parameters.get(first.kernel);
  const reads = parameters.get(second.kernel);
  if (computes === undefined || reads === undefined) return 0;
  const outputOf = outputChannel(first, computes.shape);
  // Features of a flattened image are its channels over and over.
  const featureOf = inputChannel(second, reads.shape);
  const inputOf = (index: number): number => featureOf(index) % channels;
  const before = largest(computes.data, channels, outputOf);
  const after = largest(reads.data, channels, inputOf);
  const factors = Float64Array.from(before, (range, c) => {
    const other = after[c] ?? 0;
    return range > 0 && other > 0 ? Math.sqrt(range / other) : 1;
  });
  const factor = (channel: number): number => factors[channel] ?? 1;
  parameters.set(first.kernel, { ...computes, data: computes.data.map((weight, i) => weight / factor(outputOf(i))) });
  parameters.set(second.kernel, { ...reads, data: reads.data.map((weight, i) => weight * factor(inputOf(i))) });
  const bias = first.bias === undefined ? undefined : parameters.get(first.bias);
  if (first.bias !== undefined && bias !== undefined)
    parameters.set(first.bias, { ...bias, data: bias.data.map((value, c) => value / factor(c)) });
  return factors.reduce((most, value) => Math.max(most, Math.abs(value - 1)), 0);
}

function largest(weights: Float32Array, channels: number, channelOf: (index: number) => number): Float64Array {
  const ranges = new Float64Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    ranges[channel] = Math.max(ranges[channel] ?? 0, Math.abs(weight));
  });
  return ranges;
}

function outputChannel(operation: KernelOperation, shape: readonly number[]): (index: number) => number {
  const axis = channelAxis(operation);
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const channels = shape[axis] ?? 1;
  return (index) => Math.floor(index / inner) % channels;
}
