import { type LayerChoice, weightChoices } from '../../shared/layer-choices.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { createProgramBuilder } from '../program/builder.ts';
import type { Kernel } from '../techniques/kernels.ts';
import { betweenFits, type FitFigures } from './between-fits.ts';
import type { KernelDivergence } from './divergence.ts';
import { type FitSetting, type FittedLayer, LayerFitter } from './fit-layer.ts';
import { geometric } from './interpolation.ts';
import { kernelBytes } from './kernel-bytes.ts';
import type { MeasuredChoice } from './kept-layers.ts';
import type { LayerMoments } from './layer-moments.ts';
import { coarseChoices, type FitPlan } from './plan-measurements.ts';

/** A kernel with a choice in force, and what is known of it then. */
export interface ChoiceFit extends FitFigures {
  readonly fitted: FittedLayer;
}

export async function fitChoices(
  kernel: Kernel,
  moments: LayerMoments | undefined,
  { closely, counted }: FitPlan,
  { engine, seed, signal }: Omit<FitSetting, 'refits'>,
): Promise<readonly ChoiceFit[]> {
  const isClose = closely.has(kernel.parameter);
  const fitter = new LayerFitter(kernel, moments, { engine, seed, refits: isClose, signal });
  const errorOf = await outputError(kernel, moments?.gram, engine);
  const fits: ChoiceFit[] = [];
  try {
    for (const choice of (isClose ? weightChoices : coarseChoices).filter((each) => isPossible(kernel, each))) {
      if (signal.aborted) throw new EspalierError('cancelled', 'the sensitivity was cancelled');
      const fitted = await fitter.fit(choice);
      fits.push({
        choice,
        fitted,
        bytes: kernelBytes({ kernel, ...fitted, bits: choice.bits }, counted),
        error: await errorOf.of(fitted.weights),
      });
    }
  } finally {
    await errorOf.dispose();
  }
  return fits;
}

/** Fewer weights than values leave nothing to choose, and runtimes take 4 bits of convolutions without groups and dense layers. */
function isPossible({ data, operation }: Kernel, { sparsity, clusters, bits }: LayerChoice): boolean {
  if (bits === 4 && operation.kind !== 'dense' && !(operation.kind === 'conv2d' && operation.groups === 1)) return false;
  if (operation.kind === 'depthwiseConv2d' && (sparsity > 0 || clusters > 0)) return false;
  return data.length * (1 - sparsity) > 2 * clusters && data.length * (1 - sparsity) >= 1;
}

interface OutputError {
  of(weights: Float32Array): Promise<number>;
  dispose(): Promise<void>;
}

/** `sum (v - w) gram (v - w)^T` of filters v and w. */
async function outputError({ data }: Kernel, gram: Float32Array | undefined, engine: Engine): Promise<OutputError> {
  const difference = (weights: Float32Array): Float32Array => weights.map((weight, i) => weight - (data[i] ?? 0));
  if (gram === undefined)
    return { of: (weights) => Promise.resolve(difference(weights).reduce((sum, e) => sum + e * e, 0)), dispose: () => Promise.resolve() };
  const length = Math.sqrt(gram.length);
  const builder = createProgramBuilder();
  const compiled = await engine.compile(
    builder.build({
      product: builder.matmul(builder.input('difference', [data.length / length, length]), builder.constant(gram, [length, length])),
    }),
  );
  return {
    of: async (weights) => {
      const errors = difference(weights);
      const { product = [] } = await compiled.run({ difference: errors });
      return errors.reduce((sum, e, i) => sum + e * (product[i] ?? 0), 0);
    },
    dispose: () => compiled.dispose(),
  };
}

/**
 * @param most choices that outputs are compared for; those of the others lie between
 * @param divergence is disposed of
 */
export async function measureChoices(
  kernel: Kernel,
  fits: readonly ChoiceFit[],
  most: number,
  divergence: KernelDivergence,
  signal: AbortSignal,
): Promise<readonly MeasuredChoice[]> {
  const measured = new Map<ChoiceFit, number>();
  try {
    for (const fit of spreadByError(fits, most)) {
      if (signal.aborted) throw new EspalierError('cancelled', 'the sensitivity was cancelled');
      measured.set(fit, await divergence.of(fit.fitted.weights));
    }
  } finally {
    await divergence.dispose();
  }
  const known = [...measured].map(([{ error }, value]) => ({ error, value })).sort((a, b) => a.error - b.error);
  return weightChoices
    .filter((choice) => isPossible(kernel, choice))
    .flatMap((choice) => {
      const fit = fits.find((each) => each.choice === choice);
      const figures = fit ?? betweenFits(choice, fits);
      if (figures === undefined) return [];
      const found = fit && measured.get(fit);
      const { error, bytes } = figures;
      return [{ ...choice, divergence: found ?? interpolated(error, known), measured: found !== undefined, bytes }];
    });
}

/** The choices with the smallest and the largest error, and evenly spaced ranks between. */
function spreadByError(fits: readonly ChoiceFit[], most: number): readonly ChoiceFit[] {
  if (fits.length <= most) return fits;
  const ranked = fits.toSorted((a, b) => a.error - b.error);
  const ranks = Array.from({ length: most }, (_, i) => Math.round((i * (ranked.length - 1)) / (most - 1)));
  return ranks.flatMap((rank) => ranked[rank] ?? []);
}

interface KnownDivergence {
  readonly error: number;
  readonly value: number;
}

/** Between two measured divergences as a power of the layer's error: a line in logarithms. */
export function interpolated(error: number, known: readonly KnownDivergence[]): number {
  const above = known.findIndex((each) => each.error >= error);
  const [low, high] = above <= 0 ? [known.at(above), known.at(above)] : [known[above - 1], known[above]];
  if (low === undefined || high === undefined) return 0;
  if (!(low.error > 0 && high.error > low.error && low.value > 0 && high.value > 0)) return high.value;
  const part = Math.log(error / low.error) / Math.log(high.error / low.error);
  return geometric(low.value, high.value, part);
}
