/** Second moments of what each channel of a depthwise convolution sees. */
import type { DepthwiseConv2d } from '../../network/operations.ts';
import type { PatchSample } from '../reconstruction/patch-sample.ts';
import { samplePatches } from '../reconstruction/patch-sample.ts';
import { depthwiseWindows } from '../reconstruction/patches.ts';

/** Of one input channel, over k = kh kw taps, about the means. */
export interface ChannelMoments {
  /** `sum (y - mean y) (y - mean y)^T + lambda I`, `[k, k]`, of the changed network's inputs y. */
  readonly gram: Float64Array;
  /** `sum (x - mean x) (y - mean y)^T + lambda I`, `[k, k]`, with the whole network's inputs x. */
  readonly cross: Float64Array;
  readonly wholeMeans: Float64Array;
  readonly means: Float64Array;
}

const rows = 512;
/** Nine weights a channel need few patches. */
const most = 4096;
/** lambda, as a share of the mean of the diagonal. */
const damping = 0.01;

/**
 * @param shape of the kernel, `[1, kh, kw, in * multiplier]`
 * @returns for each input channel; undefined for one whose inputs do not vary
 * @throws EspalierError `cancelled`
 */
export async function depthwiseMoments(
  operation: DepthwiseConv2d,
  shape: readonly number[],
  input: readonly number[],
  sample: Omit<PatchSample, 'patches' | 'most'>,
): Promise<readonly (ChannelMoments | undefined)[]> {
  const channels = input.at(-1) ?? 1;
  const patches = depthwiseWindows(operation, input, shape);
  const taps = patches.length / channels;
  const sums = Array.from({ length: channels }, () => ({
    gram: new Float64Array(taps ** 2),
    cross: new Float64Array(taps ** 2),
    wholeMeans: new Float64Array(taps),
    means: new Float64Array(taps),
  }));
  let patchCount = 0;
  for await (const { whole, changed, count } of samplePatches({ ...sample, patches, most }, rows)) {
    patchCount += count;
    sums.forEach((sum, channel) => {
      for (let row = 0; row < count; row++) {
        const begin = row * patches.length + channel;
        for (let i = 0; i < taps; i++) {
          const y = changed[begin + i * channels] ?? 0;
          const x = whole[begin + i * channels] ?? 0;
          sum.means[i] = (sum.means[i] ?? 0) + y;
          sum.wholeMeans[i] = (sum.wholeMeans[i] ?? 0) + x;
          for (let j = 0; j < taps; j++) {
            const other = changed[begin + j * channels] ?? 0;
            sum.gram[i * taps + j] = (sum.gram[i * taps + j] ?? 0) + y * other;
            sum.cross[i * taps + j] = (sum.cross[i * taps + j] ?? 0) + x * other;
          }
        }
      }
    });
  }
  return sums.map((sum) => centred(sum, taps, patchCount));
}

function centred(sum: ChannelMoments, taps: number, count: number): ChannelMoments | undefined {
  const means = sum.means.map((value) => value / count);
  const wholeMeans = sum.wholeMeans.map((value) => value / count);
  const about = (moments: Float64Array, first: Float64Array): Float64Array =>
    moments.map((value, at) => value - count * (first[Math.floor(at / taps)] ?? 0) * (means[at % taps] ?? 0));
  const gram = about(sum.gram, means);
  const cross = about(sum.cross, wholeMeans);
  let trace = 0;
  for (let i = 0; i < taps; i++) trace += gram[i * (taps + 1)] ?? 0;
  // Rounding leaves a little of the squares that were subtracted.
  let squares = 0;
  for (let i = 0; i < taps; i++) squares += sum.gram[i * (taps + 1)] ?? 0;
  if (!(trace > 1e-9 * squares) || !Number.isFinite(trace)) return undefined;
  for (let i = 0; i < taps; i++) {
    for (const moments of [gram, cross]) moments[i * (taps + 1)] = (moments[i * (taps + 1)] ?? 0) + (damping * trace) / taps;
  }
  return { gram, cross, wholeMeans, means };
}
