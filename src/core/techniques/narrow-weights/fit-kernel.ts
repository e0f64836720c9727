/** Rounds one kernel to the levels of narrow weights, one channel after the other. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { channelLayout } from '../../constraints/channels.ts';
import { gridScales, projectIntegerGrid } from '../../constraints/integer-grid.ts';
import { EspalierError } from '../../errors.ts';
import type { Parameter } from '../../network/network.ts';
import { shortScale } from '../../quantize/short-scales.ts';
import { factorMoments } from '../reconstruction/error-feedback.ts';
import { maskedLeastSquares } from '../reconstruction/masked-least-squares.ts';
import type { NormalEquations } from '../reconstruction/normal-equations.ts';
import type { FittedLayer } from '../reconstruction/reconstruct-layers.ts';
import type { TechniqueContext } from '../technique.ts';
import { type ChannelMoments, depthwiseMoments } from './depthwise-moments.ts';
import { narrowBits } from './narrow-kernels.ts';
import { roundAdaptively } from './round-adaptively.ts';
import { roundFilter, type RoundedFilter } from './round-filter.ts';

/** Scales that are tried reach from that of the largest weight down to this share of it. */
const leastRatio = 0.4;
const mostRatios = 25;
const fewestRatios = 4;
/** Multiplications that the choice of a kernel's scales may take. */
const scaleBudget = 3e9;

/** A kernel, and what is known of its layer. */
export interface KernelProblem {
  readonly kernel: Parameter;
  readonly mask: Uint8Array | undefined;
  /** A bias or a batch norm takes up what the mean of a channel's outputs changes by. */
  readonly meansAreFree: boolean;
  readonly roundingSteps: number;
  readonly layer: FittedLayer;
}

export interface FittedKernel {
  readonly scales: Float32Array;
  readonly weights: Float32Array;
  /** Of the bias. */
  readonly shift?: Float32Array;
}

/** Of a convolution or a dense layer; undefined where its equations cannot be solved. */
export async function fitFilters(
  problem: KernelProblem,
  equations: NormalEquations,
  context: TechniqueContext,
): Promise<FittedKernel | undefined> {
  const { kernel, mask, meansAreFree } = problem;
  const { engine, signal } = context;
  const { gram, targets, means } = meansAreFree ? aboutMeans(kernel, equations) : equations;
  const length = Math.sqrt(gram.length);
  const filters = kernel.data.length / length;
  const factored = await factorMoments(gram, signal);
  if (factored === undefined) return undefined;
  const all = mask ?? new Uint8Array(kernel.data.length).fill(1);
  const start = await maskedLeastSquares({ engine, weights: kernel.data, mask: all, equations: { gram, targets }, signal });
  if (!start.every(Number.isFinite)) return undefined;
  const ratios = ratiosFor(filters * length ** 2);
  const moments = { gram, ...factored };
  const fitted = await collect([filters, length], signal, (filter) => {
    const range = [filter * length, (filter + 1) * length] as const;
    const result = roundFilter({
      moments,
      target: targets.subarray(...range),
      start: start.subarray(...range),
      mask: mask?.subarray(...range),
      bits: narrowBits,
      ratios,
      storedScale: (scale) => shortScale(scale, filters),
    });
    return {
      result,
      places: (i) => filter * length + i,
      shift: (weight, i) => (kernel.data[filter * length + i] ?? 0) * (means.whole[i] ?? 0) - weight * (means.changed[i] ?? 0),
    };
  });
  if (problem.roundingSteps === 0) return fitted;
  const weights = await roundAdaptively({ ...problem, start, fitted, means }, context);
  const shift = fitted.shift?.map((value, filter) => {
    for (let i = filter * length; i < (filter + 1) * length; i++)
      value += ((fitted.weights[i] ?? 0) - (weights[i] ?? 0)) * (means.changed[i - filter * length] ?? 0);
    return value;
  });
  return { scales: fitted.scales, weights, ...(shift === undefined ? {} : { shift }) };
}

/** Sums about the means: what the means contribute is taken out of the gram matrix and the targets. */
function aboutMeans(kernel: Parameter, { gram, targets, means }: NormalEquations): NormalEquations {
  const { whole, changed, count } = means;
  const length = whole.length;
  const centred = gram.map((value, at) => value - count * (changed[Math.floor(at / length)] ?? 0) * (changed[at % length] ?? 0));
  const outputs = Float64Array.from({ length: kernel.data.length / length }, (_, filter) =>
    whole.reduce((sum, mean, i) => sum + mean * (kernel.data[filter * length + i] ?? 0), 0),
  );
  return {
    gram: centred,
    targets: targets.map((value, at) => value - count * (outputs[Math.floor(at / length)] ?? 0) * (changed[at % length] ?? 0)),
    means,
  };
}

export async function fitDepthwise({ kernel, mask, layer }: KernelProblem, context: TechniqueContext): Promise<FittedKernel | undefined> {
  const { operation, whole, sample } = layer;
  if (operation.kind !== 'depthwiseConv2d' || context.data.train.size === 0) return undefined;
  const [source = ''] = operation.inputs;
  const input = whole.values.get(source)?.shape;
  if (input === undefined) return undefined;
  const { signal } = context;
  const moments = await depthwiseMoments(operation, kernel.shape, input, sample);
  const channels = kernel.shape[3] ?? 1;
  const taps = kernel.data.length / channels;
  const ratios = ratiosFor(kernel.data.length * taps);
  const prepared = await Promise.all(
    Array.from({ length: channels }, (_, channel) => {
      const own = moments[Math.floor(channel / operation.multiplier)] ?? whiteInputs(taps);
      return factorMoments(own.gram, signal).then((factor) => ({ own, factor }));
    }),
  );
  return collect([channels, taps], signal, (channel) => {
    const { own = whiteInputs(taps), factor } = prepared[channel] ?? {};
    const weights = Float64Array.from({ length: taps }, (_, i) => kernel.data[i * channels + channel] ?? 0);
    const target = Float64Array.from({ length: taps }, (_, j) =>
      weights.reduce((sum, weight, i) => sum + weight * (own.cross[i * taps + j] ?? 0), 0),
    );
    const result =
      factor &&
      roundFilter({
        moments: { gram: own.gram, ...factor },
        target,
        start: weights,
        mask: mask && Uint8Array.from({ length: taps }, (_, i) => mask[i * channels + channel] ?? 1),
        bits: narrowBits,
        ratios,
        storedScale: (scale) => shortScale(scale, channels),
      });
    return {
      result,
      places: (i) => i * channels + channel,
      shift: (weight, i) => (weights[i] ?? 0) * (own.wholeMeans[i] ?? 0) - weight * (own.means[i] ?? 0),
    };
  });
}

/** Uncorrelated inputs: rounding to nearest. */
function whiteInputs(taps: number): ChannelMoments {
  const gram = Float64Array.from({ length: taps ** 2 }, (_, at) => (at % (taps + 1) === 0 ? 1 : 0));
  return { gram, cross: gram, wholeMeans: new Float64Array(taps), means: new Float64Array(taps) };
}

interface ChannelResult {
  /** Undefined for a channel of zeros. */
  readonly result: RoundedFilter | undefined;
  /** Where weight i of the channel lies in the kernel. */
  readonly places: (i: number) => number;
  /** What weight i adds to the bias. */
  readonly shift: (weight: number, i: number) => number;
}

/** @param size channels, and weights of each */
async function collect(
  [channels, length]: readonly [number, number],
  signal: AbortSignal,
  fit: (channel: number) => ChannelResult,
): Promise<FittedKernel> {
  const results: ChannelResult[] = [];
  for (let channel = 0; channel < channels; channel++) {
    if (signal.aborted) throw new EspalierError('cancelled', 'rounding the weights of a layer was cancelled');
    results.push(fit(channel));
    await nextTurn();
  }
  const scales = Float32Array.from(results, ({ result }) => result?.scale ?? emptyScale(results));
  const weights = new Float32Array(channels * length);
  const shift = new Float32Array(channels);
  results.forEach(({ result, places, shift: shiftOf }, channel) => {
    for (let i = 0; i < length; i++) {
      const weight = (result?.integers[i] ?? 0) * (scales[channel] ?? 0);
      weights[places(i)] = weight;
      shift[channel] = (shift[channel] ?? 0) + shiftOf(weight, i);
    }
  });
  return { scales, weights, shift };
}

/** A channel of zeros takes the scale of another, so that biases have a unit of usual size. */
function emptyScale(results: readonly ChannelResult[]): number {
  return results.find(({ result }) => result !== undefined)?.result?.scale ?? 1;
}

/** Fewer scales are tried of large kernels. */
function ratiosFor(multiplications: number): readonly number[] {
  const count = Math.max(fewestRatios, Math.min(mostRatios, Math.floor(scaleBudget / (2 * multiplications))));
  return Array.from({ length: count }, (_, i) => 1 - (i * (1 - leastRatio)) / (count - 1));
}

/** Without equations: each weight to nearest, at the scale of the least squared error of its channel. */
export function roundToNearest(kernel: Parameter, axis: number): FittedKernel {
  const granularity = { kind: 'channel', axis } as const;
  const { channels, channelOf } = channelLayout(kernel.shape, granularity);
  const largest = gridScales(kernel.data, kernel.shape, { granularity, bits: narrowBits });
  const least = new Float64Array(channels).fill(Infinity);
  const scales = largest.slice();
  for (const ratio of ratiosFor(1)) {
    const tried = largest.map((scale) => shortScale(scale * ratio, channels));
    const errors = new Float64Array(channels);
    projectIntegerGrid(kernel.data, kernel.shape, { kind: 'integerGrid', granularity, bits: narrowBits, scales: tried }).forEach(
      (weight, i) => {
        errors[channelOf(i)] = (errors[channelOf(i)] ?? 0) + (weight - (kernel.data[i] ?? 0)) ** 2;
      },
    );
    errors.forEach((error, channel) => {
      if (error >= (least[channel] ?? 0)) return;
      least[channel] = error;
      scales[channel] = tried[channel] ?? 1;
    });
  }
  return { scales, weights: projectIntegerGrid(kernel.data, kernel.shape, { kind: 'integerGrid', granularity, bits: narrowBits, scales }) };
}
