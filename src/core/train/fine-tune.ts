import { setImmediate as nextTurn } from 'node:timers/promises';
import { maskName } from '../constraints/sparsity.ts';
import type { RangeTest } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';
import { ActivationQuantizers } from './activation-quantizers.ts';
import { BatchOrder } from './batch-order.ts';
import { BatchReader } from './batch-reader.ts';
import { checkFineTuning } from './check-fine-tuning.ts';
import { DivergenceDetector } from './divergence.ts';
import type { Checkpointing, FineTuned, FineTuning } from './fine-tuning.ts';
import { unpack } from './flat-layout.ts';
import { kernelStepFactors } from './kernel-step-factors.ts';
import { chanceLoss } from './losses.ts';
import { learningRate, stepSizes, withRate } from './optimizers.ts';
import { testRates } from './range-test.ts';
import { trainedNetwork, trainedParameters } from './trained-parameters.ts';
import { ProgressMeter, TrainingCurve } from './training-progress.ts';
import type { TrainingSetup } from './training-program.ts';
import { readTrainingState, restoreTrainingState } from './training-snapshot.ts';
import { TrainingSteps } from './training-steps.ts';
import { ValidationWatch } from './validation-watch.ts';
import { WeightAverages } from './weight-averages.ts';

/**
 * Continues the training of a network with its constraints in force in every forward pass. The same settings, data, seed
 * and engine with the same number of threads give the same bits.
 *
 * @throws EspalierError `invalid-argument` or `invalid-data` before the first step for settings and data that cannot
 * work, `out-of-memory` when not even one example fits, `diverged` when the loss explodes, `cancelled` within one step of the signal.
 */
export async function fineTune(options: FineTuning): Promise<FineTuned> {
  checkFineTuning(options);
  const setup = trainingSetup(options);
  const order = new BatchOrder(options.train.size, options.batchSize, options.seed);
  const total = options.steps ?? options.epochs * order.stepsPerEpoch;
  throwIfCancelled(options.signal);
  const steps = new TrainingSteps(setup, {
    engine: options.engine,
    batchSize: Math.min(options.batchSize, options.train.size),
    seed: options.seed,
    memoryBytes: options.memoryBytes,
  });
  const watch = new ValidationWatch(options, setup, total);
  try {
    const begun = performance.now();
    const rangeTest = await rangeTestOf(options, order, steps);
    const schedule = rangeTest === undefined ? options.learningRate : withRate(options.learningRate, rangeTest.learningRate);
    const trained = await train({ ...options, learningRate: schedule }, setup, order, total, steps, watch, {
      rangeTest,
      seconds: (performance.now() - begun) / 1000,
    });
    return { ...trained, rangeTest };
  } finally {
    await watch.dispose();
    await steps.dispose();
  }
}

/** That of the checkpoint, or a new one, after which the training begins as if there had been none. */
async function rangeTestOf(options: FineTuning, order: BatchOrder, steps: TrainingSteps): Promise<RangeTest | undefined> {
  const { rangeTest, checkpoint, train: data } = options;
  if (rangeTest === undefined) return undefined;
  const resumed = checkpoint?.resumeFrom;
  if (resumed === undefined) return testRates(steps, options, order, chanceLoss(options.loss, data.target), rangeTest.onProgress);
  if (resumed.rangeTest !== undefined) return resumed.rangeTest;
  throw new EspalierError('invalid-data', 'the checkpoint has no learning rate that was tested: it is of other settings', {
    fix: 'delete it and train from the start',
  });
}

function trainingSetup(options: FineTuning): TrainingSetup {
  const { network, constraints, batchNorm, loss, optimizer, gradientClipNorm } = options;
  const frozen = options.frozen ?? new Set<string>();
  return {
    network,
    constraints,
    batchNorm,
    loss,
    optimizer,
    gradientClipNorm,
    frozen,
    parameters: trainedParameters(network, batchNorm, frozen),
    denseMaskGradients: options.maskSchedule !== undefined && (options.maskSchedule.maskedWeightsLearn === true ? 'kept' : true),
    quantizers: options.activations === undefined ? undefined : new ActivationQuantizers(network, options.activations),
    target: options.train.target,
    ...(options.slowSmallKernels === true ? { stepFactors: kernelStepFactors(network, batchNorm) } : {}),
  };
}

async function train(
  options: FineTuning,
  setup: TrainingSetup,
  order: BatchOrder,
  total: number,
  steps: TrainingSteps,
  watch: ValidationWatch,
  { rangeTest, seconds: tested }: { readonly rangeTest: RangeTest | undefined; readonly seconds: number },
): Promise<FineTuned> {
  const { train: data, checkpoint, signal, optimizer } = options;
  const resumed = checkpoint?.resumeFrom;
  const averages = averagesOf(options, watch);
  if (resumed !== undefined) {
    restoreTrainingState(steps, resumed, total);
    averages?.resume(resumed.tensors, steps.state, resumed.step);
    watch.resume(resumed.best);
  }
  const first = (resumed?.step ?? 0) + 1;
  const started = performance.now();
  const seconds = (): number => (resumed?.seconds ?? tested) + (performance.now() - started) / 1000;
  const curve = new TrainingCurve(total, resumed);
  const meter = new ProgressMeter(total, options.onProgress);
  const divergence = new DivergenceDetector(chanceLoss(options.loss, data.target));
  const reader = new BatchReader(options, order, total);

  let saved = started;
  let step = first - 1;
  while (step < total && !watch.stopped) {
    step++;
    throwIfCancelled(signal);
    const batch = await reader.read(step);
    throwIfCancelled(signal);
    updateMasks(options, setup, steps, step);
    const rate = learningRate(options.learningRate, step, total);
    const result = await steps.run(batch, step, stepSizes(optimizer, rate, step));
    divergence.check(result.loss, step, rate);
    averages?.add(steps.state, step);
    curve.add(step, batch.size, result);
    meter.step(batch.size, {
      step,
      epoch: order.epochOf(step),
      loss: result.loss,
      accuracy: result.correct === undefined ? undefined : result.correct / batch.size,
      learningRate: rate,
    });
    if (step % order.stepsPerEpoch === 0 || step === total) await epochEnded(steps, step, watch, averages);
    if (checkpoint !== undefined && step < total && isDue(checkpoint, step, performance.now() - saved)) {
      await checkpoint.save(
        readTrainingState(
          steps,
          { step, curve: curve.points, pending: curve.pending, best: watch.best, seconds: seconds(), rangeTest },
          averages?.copyTensors(),
        ),
      );
      saved = performance.now();
    }
    // A step blocks the event loop, so messages (cancellation above all) are received between steps.
    await nextTurn();
  }
  averages?.take(steps);
  watch.restore(steps);
  const trained = trainedNetwork(setup.network, setup.parameters, options.constraints, new Map([...steps.state, ...steps.stepInputs]));
  return {
    ...trained,
    ranges: setup.quantizers?.namedRanges(steps.ranges) ?? new Map(),
    curve: curve.points,
    steps: step,
    seconds: seconds(),
  };
}

/** Weights of before the last change of a mask would leave zeros where it has let weights grow. */
function averagesOf({ averaging, optimizer }: FineTuning, { masksFinal }: ValidationWatch): WeightAverages | undefined {
  return averaging && new WeightAverages({ ...averaging, fromStep: Math.max(averaging.fromStep, masksFinal) }, optimizer);
}

/** What is judged, and may be taken, are the weights that would be the result. */
async function epochEnded(steps: TrainingSteps, step: number, watch: ValidationWatch, averages: WeightAverages | undefined): Promise<void> {
  if (averages === undefined) return watch.epochEnded(steps, step);
  await averages.inPlace(steps, () => watch.epochEnded(steps, step));
}

function isDue({ everySteps, everySeconds = Number.POSITIVE_INFINITY }: Checkpointing, step: number, millisecondsSince: number): boolean {
  return step % everySteps === 0 || millisecondsSince >= 1000 * everySeconds;
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EspalierError('cancelled', 'fine-tuning was cancelled');
}

function updateMasks({ maskSchedule }: FineTuning, { parameters }: TrainingSetup, steps: TrainingSteps, step: number): void {
  if (maskSchedule === undefined || !maskSchedule.due(step)) return;
  const weights = unpack(parameters.learned, steps.state.get('weights') ?? new Float32Array(parameters.learned.length));
  for (const [id, mask] of maskSchedule.masks(step, weights)) {
    const stepInputs = steps.stepInputs.get(maskName(id));
    if (stepInputs?.length !== mask.length) throw new Error(`parameter "${id}" has no sparsity constraint that a mask could replace`);
    stepInputs.set(mask);
  }
}
