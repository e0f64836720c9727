import type { Network, ValueId } from '../network.ts';
import type { Conv2d, DepthwiseConv2d, Operation, Pad } from '../operations.ts';
import { windowExtent } from '../shapes/window.ts';
import { dropUnused, usesOf } from './rewrite.ts';

/** Folds a pad into the convolution that reads it, where its zeros are those of SAME padding. */
export function foldPadding(network: Network): Network {
  const uses = usesOf(network);
  const folded = new Set<ValueId>();
  const operations = network.operations.map((operation): Operation => {
    if ((operation.kind !== 'conv2d' && operation.kind !== 'depthwiseConv2d') || operation.padding !== 'valid') return operation;
    const [padded] = operation.inputs;
    const pad = padded === undefined ? undefined : uses.producer(padded);
    if (pad?.kind !== 'pad' || uses.soleConsumer(pad.output) !== operation || !isSamePadding(pad, operation, network)) return operation;
    folded.add(pad.output);
    return { ...operation, inputs: pad.inputs, padding: 'same' };
  });
  return dropUnused({ ...network, operations: operations.filter((operation) => !folded.has(operation.output)) });
}

function isSamePadding(pad: Pad, convolution: Conv2d | DepthwiseConv2d, network: Network): boolean {
  const [input] = pad.inputs;
  const shape = input === undefined ? undefined : network.values.get(input)?.shape;
  const kernel = network.parameters.get(convolution.kernel)?.shape;
  if (shape?.length !== 3 || kernel === undefined) return false;
  if (pad.paddings[2]?.some((n) => n !== 0) === true) return false;
  return ([0, 1] as const).every((axis) => {
    const extent = windowExtent(shape[axis] ?? 0, kernel[axis + 1] ?? 0, convolution.strides[axis], convolution.dilations[axis], 'same');
    return pad.paddings[axis]?.[0] === extent.before && pad.paddings[axis]?.[1] === extent.after;
  });
}
