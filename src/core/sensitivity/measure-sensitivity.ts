import { sameChoice, wholeChoice } from '../../shared/layer-choices.ts';
import { type ByteCount, type Bytes, type Cycles, type LayerSensitivity, mapBytes } from '../../shared/sensitivity.ts';
import type { DataSet } from '../data/dataset.ts';
import { spreadIndices } from '../data/spread-indices.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import { scaleBytes } from '../hardware/ethos-u/npu-operation.ts';
import type { ChangedKernel, KernelCycles } from '../hardware/kernel-cycles.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { channelAxis } from '../network/kernel-operations.ts';
import { type Kernel, kernelsOf } from '../techniques/kernels.ts';
import { ActivationDivergence } from './activation-divergence.ts';
import type { DivergenceKind } from './compare-outputs.ts';
import { OutputDivergence } from './divergence.ts';
import type { KeptLayer, KeptLayers, LayerPart, MeasuredChoice } from './kept-layers.ts';
import { type LayerMoments, layerMoments } from './layer-moments.ts';
import { fitChoices, measureChoices } from './measure-choices.ts';
import { type FitPlan, type MeasurementPlan, operationMacs, planFits, planMeasurements } from './plan-measurements.ts';

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
  /** Layers that are done; without it all are measured. */
  readonly kept?: KeptLayers | undefined;
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
const momentsShare = 0.25;

/**
 * For each layer and each of `weightChoices` (and of `activationChoices`, where the request has them): how far the network's
 * output moves from the whole network's on training examples, with that layer alone changed and fitted to its choice, and
 * the bytes of the kernel.
 *
 * What is shared is computed once: the moments of all layers' inputs in one pass, the factor of each layer's moments for
 * all of its choices, and the network in pieces with the values between them: it runs again from a layer on alone.
 *
 * @throws EspalierError `invalid-model` for a network without kernels, `invalid-data` without training examples, `cancelled`
 */
export async function measureSensitivity(request: SensitivityRequest): Promise<Sensitivity> {
  const { network, data } = request;
  const kernels = kernelsOf(network);
  if (kernels.length === 0)
    throw new EspalierError('invalid-model', 'no layer has a kernel that could change', { fix: 'convolutions and dense layers have one' });
  if (data.size === 0) throw new EspalierError('invalid-data', 'there are no training examples to compare outputs on');
  const work: Work = { request, kernels, kind: divergenceKind(network, data), plan: planMeasurements(network, kernels, data.size) };
  const kept = await readKept(work);
  const found = await measureMissing(work, kept);
  const layers = kernels.map((kernel): LayerSensitivity => {
    const { weights, activations } = found.get(kernel.parameter) ?? {};
    const choices = [...(weights?.choices ?? []), ...(activations?.choices ?? [])];
    return {
      layer: kernel.layer,
      operation: kernel.operation.kind,
      shape: kernel.shape,
      elements: kernel.data.length,
      macs: operationMacs(network, kernel.operation),
      fitted: weights?.fitted ?? false,
      choices: choices.map((choice) => ({ ...choice, cycles: cyclesWith(kernel, choice, request.cyclesOf) })),
    };
  });
  return { divergence: work.kind, examples: work.plan.examples, layers };
}

interface Work {
  readonly request: SensitivityRequest;
  readonly kernels: readonly Kernel[];
  readonly kind: DivergenceKind;
  readonly plan: MeasurementPlan;
}

/** What is known of a layer: activations stay undefined where they are not asked for. */
interface Known {
  readonly weights?: KeptLayer | undefined;
  readonly activations?: KeptLayer | undefined;
}

function partOf({ request: { data }, kind, plan }: Work, { parameter }: Kernel, of: LayerPart['of']): LayerPart {
  return { kernel: parameter, of, divergence: kind, size: data.size, examples: plan.examples };
}

async function readKept(work: Work): Promise<ReadonlyMap<ParameterId, Known>> {
  const { kept, activations } = work.request;
  const known = new Map<ParameterId, Known>();
  for (const kernel of work.kernels) {
    const read = (of: LayerPart['of']) => kept?.read(partOf(work, kernel, of));
    known.set(kernel.parameter, {
      weights: await read('weights'),
      activations: activations === true ? await read('activations') : undefined,
    });
  }
  return known;
}

/** Measures what is not known yet, layer by layer; each is kept as soon as it is done. */
async function measureMissing(work: Work, kept: ReadonlyMap<ParameterId, Known>): Promise<ReadonlyMap<ParameterId, Known>> {
  const { request, kernels, kind, plan } = work;
  const { engine, network, data, seed, signal, onProgress } = request;
  const found = new Map(kept);
  const lacks = (of: LayerPart['of']): ReadonlySet<ParameterId> =>
    new Set(kernels.flatMap(({ parameter }) => (found.get(parameter)?.[of] === undefined ? [parameter] : [])));
  const weights = lacks('weights');
  const activations = request.activations === true ? lacks('activations') : new Set<ParameterId>();
  const missing = kernels.filter(({ parameter }) => weights.has(parameter) || activations.has(parameter));
  if (missing.length === 0) return found;
  const moments =
    weights.size === 0
      ? new Map<ParameterId, LayerMoments>()
      : await layerMoments({
          engine,
          network,
          kernels,
          wanted: weights,
          data,
          seed,
          signal,
          onProgress: (done) => onProgress?.(done * momentsShare),
        });
  const fitPlan = planFits(kernels);
  const examples = await data.read(spreadIndices(data.size, plan.examples));
  const divergence = await OutputDivergence.open({ engine, network, kind, examples });
  const rounded =
    activations.size === 0 ? undefined : await ActivationDivergence.open({ engine, network, data, examples: plan.examples, signal });
  try {
    for (const [index, kernel] of missing.entries()) {
      const { parameter } = kernel;
      const known = found.get(parameter) ?? {};
      const ofWeights = known.weights ?? (await measureWeights(work, kernel, moments.get(parameter), fitPlan, divergence));
      if (weights.has(parameter)) await request.kept?.keep(partOf(work, kernel, 'weights'), ofWeights);
      const ofActivations = known.activations ?? (await measureActivations(kernel, ofWeights, rounded, divergence));
      if (ofActivations !== undefined && activations.has(parameter))
        await request.kept?.keep(partOf(work, kernel, 'activations'), ofActivations);
      found.set(parameter, { weights: ofWeights, activations: ofActivations });
      onProgress?.(momentsShare + ((1 - momentsShare) * (index + 1)) / missing.length);
    }
  } finally {
    await divergence.dispose();
  }
  return found;
}

async function measureWeights(
  { request, plan }: Work,
  kernel: Kernel,
  moments: LayerMoments | undefined,
  fitPlan: FitPlan,
  divergence: OutputDivergence,
): Promise<KeptLayer> {
  const fits = await fitChoices(kernel, moments, fitPlan, request);
  const choices = await measureChoices(kernel, fits, plan.choices, await divergence.from(kernel.parameter), request.signal);
  return { fitted: moments !== undefined, choices };
}

async function measureActivations(
  { parameter }: Kernel,
  { choices }: KeptLayer,
  rounded: ActivationDivergence | undefined,
  divergence: OutputDivergence,
): Promise<KeptLayer | undefined> {
  const [whole] = choices;
  if (rounded === undefined) return undefined;
  const found = whole === undefined ? [] : await rounded.of(parameter, divergence);
  return {
    fitted: false,
    choices: found.flatMap((each) => (whole === undefined ? [] : [{ ...each, measured: true, bytes: whole.bytes }])),
  };
}

function cyclesWith(
  { parameter, operation, shape }: Kernel,
  { bits, activations = 8, bytes }: MeasuredChoice,
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

/** What the file takes besides its kernels. */
export function overheadOf(file: Bytes, layers: readonly LayerSensitivity[]): Bytes {
  const whole = (count: ByteCount): number =>
    layers.reduce((sum, { choices }) => sum + (choices.find((choice) => sameChoice(choice, wholeChoice))?.bytes[count] ?? 0), 0);
  return mapBytes((count) => Math.max(0, file[count] - whole(count)));
}
