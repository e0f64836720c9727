import { type LayerChoice, sameChoice, weightChoices, wholeChoice } from '../../shared/layer-choices.ts';
import type { ByteCount, Bytes, ChoiceSensitivity, LayerSensitivity } from '../../shared/sensitivity.ts';
import type { DataSet } from '../data/dataset.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { scaleBytes } from '../hardware/ethos-u/npu-operation.ts';
import type { ChangedKernel, KernelCycles } from '../hardware/kernel-cycles.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network } from '../network/network.ts';
import { channelAxis, hasKernel, type Operation } from '../network/operations.ts';
import { createProgramBuilder } from '../program/builder.ts';
import { elements } from '../program/shapes.ts';
import { type Kernel, kernelsOf } from '../techniques/kernels.ts';
import { ActivationDivergence } from './activation-divergence.ts';
import { type DivergenceKind, OutputDivergence, suffixOf } from './divergence.ts';
import { type FittedLayer, LayerFitter } from './fit-layer.ts';
import { kernelBytes } from './kernel-bytes.ts';
import { type LayerMoments, layerMoments } from './layer-moments.ts';

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

const mostExamples = 512;
const fewestExamples = 24;
/**
 * Multiply-accumulates that comparing outputs may take in all: about a minute on two cores. Small networks measure every
 * choice on 512 examples; larger ones first use fewer examples, then measure fewer choices.
 */
const macBudget = 6e11;
/** Of a layer's choices measured at least; the divergence of the others lies between. */
const fewestMeasured = 4;
/** The part of the time that the moments take. */
const momentsShare = 0.15;

/**
 * For each layer and each choice of `layerChoices`: how far the network's output moves from the whole network's on
 * training examples, with that layer alone changed and the layer fitted to its choice, and the bytes of the kernel.
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
    request.activations === true && (await ActivationDivergence.open({ engine, network, data, examples: plan.examples, signal }));
  const layers: LayerSensitivity[] = [];
  for (const kernel of kernels) {
    const ofInput = moments.get(kernel.parameter);
    const fits = await fitChoices(kernel, ofInput, request);
    const measured = await measureChoices(fits, plan.choices, await divergence.from(kernel.parameter), signal);
    const rounded = activations === false ? [] : await activations.of(kernel.parameter, divergence);
    const [whole] = measured;
    const wide = whole === undefined ? [] : rounded.map((each) => ({ ...each, measured: true, bytes: whole.bytes }));
    layers.push({
      layer: kernel.layer,
      operation: kernel.operation.kind,
      shape: kernel.shape,
      elements: kernel.data.length,
      macs: operationMacs(network, kernel.operation),
      fitted: ofInput !== undefined,
      choices: [...measured, ...wide].map((choice) => ({ ...choice, cycles: cyclesWith(kernel, choice, request.cyclesOf) })),
    });
    onProgress?.(momentsShare + ((1 - momentsShare) * layers.length) / kernels.length);
  }
  return { divergence: kind, examples: plan.examples, layers };
}

function cyclesWith(
  { parameter, operation, shape }: Kernel,
  { bits, activations = 8, bytes }: Omit<ChoiceSensitivity, 'cycles'>,
  cyclesOf: SensitivityRequest['cyclesOf'],
): KernelCycles | object {
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

interface MeasurementPlan {
  readonly examples: number;
  /** Choices measured in each layer. */
  readonly choices: number;
}

/** From counts alone, so that the same network and data always give the same figures. */
export function planMeasurements(network: Network, kernels: readonly Kernel[], size: number, budget = macBudget): MeasurementPlan {
  const macs = new Map(network.operations.map((operation) => [operation, operationMacs(network, operation)]));
  const perExample = kernels.reduce(
    (sum, { parameter }) =>
      sum + suffixOf(network, parameter).operations.reduce((total, operation) => total + (macs.get(operation) ?? 0), 0),
    0,
  );
  const all = weightChoices.length;
  const examples = Math.min(size, Math.max(fewestExamples, Math.min(mostExamples, Math.floor(budget / (perExample * all)))));
  const choices = Math.min(all, Math.max(fewestMeasured, Math.floor(budget / (perExample * examples))));
  return { examples, choices };
}

interface ChoiceFit {
  readonly choice: LayerChoice;
  readonly fitted: FittedLayer;
  readonly bytes: Bytes;
  /** Squared error of the layer's outputs, or of its weights. */
  readonly error: number;
}

async function fitChoices(
  kernel: Kernel,
  moments: LayerMoments | undefined,
  { engine, seed, signal }: SensitivityRequest,
): Promise<readonly ChoiceFit[]> {
  const fitter = new LayerFitter(kernel, moments, { engine, seed, signal });
  const errorOf = await outputError(kernel, moments?.gram, engine);
  const fits: ChoiceFit[] = [];
  try {
    for (const choice of weightChoices.filter((each) => isPossible(kernel, each))) {
      if (signal.aborted) throw new EspalierError('cancelled', 'the sensitivity was cancelled');
      const fitted = await fitter.fit(choice);
      fits.push({ choice, fitted, bytes: kernelBytes({ kernel, ...fitted, bits: choice.bits }), error: await errorOf.of(fitted.weights) });
    }
  } finally {
    await errorOf.dispose();
  }
  return fits;
}

/** Fewer weights than values leave nothing to choose, and runtimes take 4 bits of convolutions and dense layers. */
function isPossible({ data, operation }: Kernel, { sparsity, clusters, bits }: LayerChoice): boolean {
  if (bits === 4 && operation.kind !== 'conv2d' && operation.kind !== 'dense') return false;
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
  return fits.map((fit) => ({
    ...fit.choice,
    divergence: measured.get(fit) ?? interpolated(fit.error, known),
    measured: measured.has(fit),
    bytes: fit.bytes,
  }));
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
  return low.value * (high.value / low.value) ** part;
}

/** Multiply-accumulates of an operation with a kernel; 0 of others. */
function operationMacs(network: Network, operation: Operation): number {
  if (!hasKernel(operation)) return 0;
  const [input = ''] = operation.inputs;
  const kernel = network.parameters.get(operation.kernel)?.shape ?? [];
  const perOutput = operation.kind === 'depthwiseConv2d' ? elements(kernel.slice(0, -1)) : elements(kernel.slice(1));
  if (operation.kind === 'transposeConv2d') return (elements(shapeOf(network, input)) / (kernel.at(-1) ?? 1)) * elements(kernel);
  return elements(shapeOf(network, operation.output)) * perOutput;
}

/** What the file takes besides its kernels. */
export function overheadOf(file: Bytes, layers: readonly LayerSensitivity[]): Bytes {
  const whole = (count: ByteCount): number =>
    layers.reduce((sum, { choices }) => sum + (choices.find((choice) => sameChoice(choice, wholeChoice))?.bytes[count] ?? 0), 0);
  const of = (count: ByteCount): number => Math.max(0, file[count] - whole(count));
  return { raw: of('raw'), gzip: of('gzip'), packed: of('packed'), ethosU: of('ethosU') };
}
