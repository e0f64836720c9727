import { findConstraint, type NetworkConstraints } from '../../constraints/constraint.ts';
import type { Network } from '../../network/network.ts';
import { findSparsePart, hasEnoughZeros, type SparsePart, zerosOfPart } from '../../network/sparse-inference/sparse-part.ts';
import { createRandom } from '../../random.ts';
import { loadRuntime } from '../../tflite/runtime.ts';
import { writeTflite } from '../../tflite/write-tflite.ts';

/** A float file, and the part that it stores sparse. */
export interface FloatFile {
  readonly tflite: Uint8Array;
  readonly sparse: SparsePart | undefined;
}

/**
 * The float file of a deployed network. A network that was pruned for XNNPACK gets the form of its sparse inference, and
 * the file is compared with the dense one in LiteRT before it is used: XNNPACK computes wrong values where it runs less
 * than the whole part sparse.
 *
 * @param warn called with the reason where the file stays dense
 */
export async function writeFloat(network: Network, constraints: NetworkConstraints, warn: (message: string) => void): Promise<FloatFile> {
  const dense = writeTflite({ kind: 'float', network });
  const isSparse = [...constraints.values()].some((list) => findConstraint(list, 'sparsity')?.runtime === 'xnnpack');
  if (!isSparse) return { tflite: dense, sparse: undefined };
  const { part } = findSparsePart(network);
  const keptDense = (reason: string): FloatFile => {
    warn(`the file is stored dense: ${reason}`);
    return { tflite: dense, sparse: undefined };
  };
  if (part === undefined) return keptDense('the network no longer fits sparse inference of XNNPACK');
  if (!hasEnoughZeros(zerosOfPart(network, part)))
    return keptDense('its 1x1 convolutions have too few zeros for sparse kernels of XNNPACK');
  const tflite = writeTflite({ kind: 'float', network, sparse: part });
  const difference = await largestDifference(dense, tflite);
  if (!(difference < acceptedDifference)) {
    return keptDense(`LiteRT gives other values for the sparse form, up to ${difference.toExponential(1)} of the range of an output`);
  }
  return { tflite, sparse: part };
}

/** Of the range of an output; float32 sums in another order differ by about 1e-6. */
const acceptedDifference = 1e-3;

/** The largest difference of two files' outputs for one random input, as a part of the largest value. */
async function largestDifference(reference: Uint8Array, other: Uint8Array): Promise<number> {
  const [expected = [], found = []] = [await run(reference), await run(other)];
  const range = expected.reduce((max, value) => Math.max(max, Math.abs(value)), Number.MIN_VALUE);
  return expected.reduce((max, value, i) => {
    const difference = Math.abs(value - (found[i] ?? Number.NaN)) / range;
    return difference <= max ? max : difference;
  }, 0);
}

async function run(bytes: Uint8Array): Promise<readonly number[]> {
  const interpreter = await (await loadRuntime()).load(bytes);
  try {
    const random = createRandom(0);
    const inputs = interpreter.inputs.map(
      (input) => new Uint8Array(Float32Array.from({ length: input.bytes / 4 }, () => random.normal()).buffer),
    );
    const outputs = await interpreter.run(inputs);
    return outputs.flatMap((output) => Array.from(new Float32Array(output.buffer, output.byteOffset, output.byteLength / 4)));
  } finally {
    await interpreter.dispose();
  }
}
