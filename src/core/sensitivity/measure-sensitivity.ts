import { type LayerChoice, sameChoice, weightChoices, wholeChoice } from '../../shared/layer-choices.ts';
import {
  type ByteCount,
  type Bytes,
  type ChoiceSensitivity,
  type Cycles,
  type LayerSensitivity,
  mapBytes,
} from '../../shared/sensitivity.ts';
import type { DataSet } from '../data/dataset.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { scaleBytes } from '../hardware/ethos-u/npu-operation.ts';
import type { ChangedKernel, KernelCycles } from '../hardware/kernel-cycles.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network } from '../network/network.ts';
import { channelAxis } from '../network/kernel-operations.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { type Kernel, kernelsOf } from '../techniques/kernels.ts';
import { ActivationDivergence } from './activation-divergence.ts';
import { betweenFits, type FitFigures } from './between-fits.ts';
import { type DivergenceKind, OutputDivergence } from './divergence.ts';
import { type FittedLayer, LayerFitter } from './fit-layer.ts';
import { geometric } from './interpolation.ts';
import { kernelBytes } from './kernel-bytes.ts';
import { type LayerMoments, layerMoments } from './layer-moments.ts';
import { coarseChoices, type FitPlan, operationMacs, planFits, planMeasurements } from './plan-measurements.ts';

export interface SensitivityRequest {
  readonly engine: Engine;
  readonly network: Network;
  /** Training examples. */
  readonly data: DataSet;
  readonly seed: number;
  /** Whether `activationChoices` are measured too. */
  readonly activations?: boolean | undefined;
  /** Of a changed layer; without it choices have none. */
  readonly cyclesOf?: ((changed: ChangedKernel) => KernelCycles) | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface Sensitivity {
  readonly divergence: DivergenceKind;
  /** Examples that outputs were compared on. */
  readonly examples: number;
  readonly layers: readonly LayerSensitivity[];
}

/** The part of the time that the moments take. */
const momentsShare = 0.15;

/**
 * For each layer and each of `weightChoices` (and of `activationChoices`, where the request has them): how far the network's
 * output moves from the whole network's on training examples, with that layer alone changed and fitted to its choice, and
 * the bytes of the kernel.
 *
 * What is shared is computed once: the moments of all layers' inputs in one pass, the factor of each layer's moments for
 * all of its choices, and the values before a layer, from which on alone the network runs again.
 *
 * @throws EspalierError `invalid-model` for a network without kernels, `invalid-data` without training examples, `cancelled`
 */
export async function measureSensitivity(request: SensitivityRequest): Promise<Sensitivity> {
  const { engine, network, data, seed, signal, onProgress } = request;
  const kernels = kernelsOf(network);
  if (kernels.length === 0)
    throw new EspalierError('invalid-model', 'no layer has a kernel that could change', { fix: 'convolutions and dense layers have one' });
  if (data.size === 0) throw new EspalierError('invalid-data', 'there are no training examples to compare outputs on');
  const kind = divergenceKind(network, data);
  const plan = planMeasurements(network, kernels, data.size);
  const fitPlan = planFits(kernels);
  const moments = await layerMoments({
    engine,
    network,
    kernels,
    data,
    seed,
    signal,
    onProgress: (done) => onProgress?.(done * momentsShare),
  });
  const examples = await data.read(spreadIndices(data.size, plan.examples));
  const divergence = await OutputDivergence.open({ engine, network, kind, examples });
  const activations =
    request.activations === true ? await ActivationDivergence.open({ engine, network, data, examples: plan.examples, signal }) : undefined;
  const layers: LayerSensitivity[] = [];
  for (const kernel of kernels) {
    const ofInput = moments.get(kernel.parameter);
    const fits = await fitChoices(kernel, ofInput, fitPlan, request);
    const measured = await measureChoices(kernel, fits, plan.choices, await divergence.from(kernel.parameter), signal);
    const rounded = (await activations?.of(kernel.parameter, divergence)) ?? [];
    const [whole] = measured;
    const withActivations = whole === undefined ? [] : rounded.map((each) => ({ ...each, measured: true, bytes: whole.bytes }));
    layers.push({
      layer: kernel.layer,
      operation: kernel.operation.kind,
      shape: kernel.shape,
      elements: kernel.data.length,
      macs: operationMacs(network, kernel.operation),
      fitted: ofInput !== undefined,
      choices: [...measured, ...withActivations].map((choice) => ({ ...choice, cycles: cyclesWith(kernel, choice, request.cyclesOf) })),
    });
    onProgress?.(momentsShare + ((1 - momentsShare) * layers.length) / kernels.length);
  }
  return { divergence: kind, examples: plan.examples, layers };
}

function cyclesWith(
  { parameter, operation, shape }: Kernel,
  { bits, activations = 8, bytes }: Omit<ChoiceSensitivity, 'cycles'>,
  cyclesOf: SensitivityRequest['cyclesOf'],
): Cycles {
  const outputs = shape[channelAxis(operation)] ?? 1;
  const streamBytes = Math.max(0, bytes.ethosU - scaleBytes * outputs);
  return cyclesOf?.({ kernel: parameter, bits, streamBytes, activationBits: activations }) ?? {};
}

/** KL divergence is for one output that chooses among classes. */
function divergenceKind(network: Network, { target }: DataSet): DivergenceKind {
  const chooses = target.kind === 'classes' || target.kind === 'classMap';
  return network.outputs.length === 1 && chooses && (shapeOf(network, network.outputs[0] ?? '').at(-1) ?? 1) > 1
    ? 'KL divergence'
    : 'normalized squared error';
}

interface ChoiceFit extends FitFigures {
  readonly fitted: FittedLayer;
}

async function fitChoices(
  kernel: Kernel,
  moments: LayerMoments | undefined,
  { closely, counted }: FitPlan,
  { engine, seed, signal }: SensitivityRequest,
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

async function measureChoices(
  kernel: Kernel,
  fits: readonly ChoiceFit[],
  most: number,
  divergence: Awaited<ReturnType<OutputDivergence['from']>>,
  signal: AbortSignal,
): Promise<readonly Omit<ChoiceSensitivity, 'cycles'>[]> {
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

/** What the file takes besides its kernels. */
export function overheadOf(file: Bytes, layers: readonly LayerSensitivity[]): Bytes {
  const whole = (count: ByteCount): number =>
    layers.reduce((sum, { choices }) => sum + (choices.find((choice) => sameChoice(choice, wholeChoice))?.bytes[count] ?? 0), 0);
  return mapBytes((count) => Math.max(0, file[count] - whole(count)));
}
