import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { StepInput, Trainable } from '../constraints/constraint-behaviour.ts';
import type { Target } from '../data/target.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import type { BatchNorm } from '../network/operations.ts';
import { foldPadding } from '../network/passes/fold-padding.ts';
import { createProgramBuilder, type ProgramBuilder } from '../program/builder.ts';
import { gradient } from '../program/gradient.ts';
import type { Program, Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { ActivationQuantizers } from './activation-quantizers.ts';
import { bindParameters, type BoundParameters, type BoundTrainable, type MaskedGradients } from './bound-parameters.ts';
import type { BatchNormMode, Loss, Optimizer } from './fine-tuning.ts';
import { packTensors, spread, unpack } from './flat-layout.ts';
import { lossTerms, lowerLoss } from './losses.ts';
import { lowerNetwork, shapeOf } from '../lowering/lower-network.ts';
import type { LoweredValue } from '../lowering/lowered-value.ts';
import type { DropoutMask } from '../lowering/lowering-context.ts';
import { clipByGlobalNorm, momentNames, optimizerUpdate } from './optimizers.ts';
import type { TrainedParameters } from './trained-parameters.ts';

/** Everything that determines a training step except the size of its batch. */
export interface TrainingSetup {
  readonly network: Network;
  readonly parameters: TrainedParameters;
  readonly constraints: NetworkConstraints;
  readonly denseMaskGradients: MaskedGradients;
  readonly quantizers: ActivationQuantizers | undefined;
  readonly target: Target;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly batchNorm: BatchNormMode;
  readonly frozen: ReadonlySet<ParameterId>;
  readonly gradientClipNorm: number | undefined;
  /** Of parameters whose steps are smaller than the learning rate says; see `kernelStepFactors`. */
  readonly stepFactors?: ReadonlyMap<ParameterId, number>;
}

/**
 * A whole training step as one program: forward, loss, backward, optimizer.
 *
 * Inputs: `input/<id>`, `labels` or `targets`, `update` and `decay` (see `StepSizes`), `retention` (see `earlyRetention`), masks, dropout masks,
 * `quantizers`, and the state. Outputs: the state under the same names, `loss` (the mean of the batch), and where they
 * apply `correct` (examples classified rightly) and `observed` (see `ActivationQuantizers`).
 */
export interface TrainingProgram {
  readonly program: Program;
  readonly stepInputs: readonly StepInput[];
  readonly dropouts: readonly DropoutMask[];
  /** What has a gradient: `weights`, and the names of what constraints learn. */
  readonly learned: readonly string[];
  /** First values of the state: `weights`, `statistics`, what constraints learn, and the moments of the optimizer. */
  initialState(): Map<string, Float32Array>;
}

export function buildTrainingProgram(setup: TrainingSetup, batchSize: number): TrainingProgram {
  const builder = createProgramBuilder();
  const bound = bindParameters(builder, setup.network, setup.parameters, setup.constraints, setup.denseMaskGradients);
  const { outputs, gradients, dropouts } = lowerGradients(builder, setup, bound, batchSize);
  const program = builder.build({ ...outputs, ...updatedState(builder, setup, bound, gradients) });
  return {
    program,
    stepInputs: bound.stepInputs,
    dropouts,
    learned: [...gradients.keys()],
    initialState: () => initialState(setup, bound.trainables),
  };
}

/**
 * The first half of a step on a part of a batch, where the whole does not fit into memory: instead of moving the state
 * it adds the gradients, times `share` (the part's share of the batch), to the inputs `gradients/<name>` and returns
 * them under those names.
 */
export function buildGradientProgram(setup: TrainingSetup, batchSize: number): TrainingProgram {
  const builder = createProgramBuilder();
  const bound = bindParameters(builder, setup.network, setup.parameters, setup.constraints, setup.denseMaskGradients);
  const { outputs, gradients, dropouts } = lowerGradients(builder, setup, bound, batchSize);
  const share = builder.input('share', []);
  const sums = [...gradients].map(
    ([name, part]) => [`gradients/${name}`, builder.add(builder.input(`gradients/${name}`, part.shape), builder.mul(part, share))] as const,
  );
  return {
    program: builder.build({ ...outputs, ...Object.fromEntries(sums) }),
    stepInputs: bound.stepInputs,
    dropouts,
    learned: [...gradients.keys()],
    initialState: () => initialState(setup, bound.trainables),
  };
}

/** The second half: moves the state by the gradients `gradients/<name>`. */
export function buildUpdateProgram(setup: TrainingSetup): Program {
  const builder = createProgramBuilder();
  const bound = bindParameters(builder, setup.network, setup.parameters, setup.constraints, setup.denseMaskGradients);
  const gradients = new Map([
    ['weights', builder.input('gradients/weights', [setup.parameters.learned.length])] as const,
    ...bound.trainables.map(({ name, tensor }) => [name, builder.input(`gradients/${name}`, tensor.shape)] as const),
  ]);
  return builder.build(updatedState(builder, setup, bound, gradients));
}

interface LoweredGradients {
  /** `loss`, and where they apply `correct`, `observed` and `statistics`. */
  readonly outputs: Record<string, Tensor>;
  /** Of all weights in one vector (`weights`), and of what constraints learn, by name. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly dropouts: readonly DropoutMask[];
}

function lowerGradients(builder: ProgramBuilder, setup: TrainingSetup, bound: BoundParameters, batchSize: number): LoweredGradients {
  const { parameters, loss } = setup;
  const network = foldPadding(setup.network);
  const quantizers = setup.quantizers?.lower(builder);
  const inputs = network.inputs.map((id) => builder.input(`input/${id}`, [batchSize, ...shapeOf(network, id)]));
  const lowered = lowerNetwork(builder, network, {
    batchSize,
    mode: setup.batchNorm === 'training' ? 'training' : 'trainingFrozenBatchNorm',
    inputs,
    frozen: setup.frozen,
    momentum: (operation) =>
      isUntrained(network, operation) ? builder.min(builder.input('retention', []), operation.momentum) : operation.momentum,
    parameter: (id) => bound.parameter(id),
    transform: (id, value) => quantizers?.quantize(id, value) ?? value,
  });

  const { distillation } = lossTerms(loss);
  const teacher = distillation && lowerTeacher(builder, distillation.teacher, inputs, batchSize);
  const { loss: lossTensor, correct } = lowerLoss(builder, network, loss, setup.target, batchSize, (of, id) => {
    const value = of === 'teacher' ? teacher?.get(id) : lowered.values.get(id);
    if (value === undefined) throw new RangeError(`the ${of} does not compute "${id}"`);
    return builder.reshape(value.batchMajor, [batchSize, elements(value.batchMajor.shape) / batchSize]);
  });

  const outputs: Record<string, Tensor> = { loss: lossTensor };
  if (parameters.statistics.length > 0) {
    outputs['statistics'] = packTensors(builder, parameters.statistics, (id) => lowered.statistics.get(id) ?? bound.parameter(id));
  }
  if (correct !== undefined) outputs['correct'] = correct;
  const observed = quantizers?.observed();
  if (observed !== undefined) outputs['observed'] = observed;
  return { outputs, gradients: gradientsOf(builder, setup, bound, lossTensor), dropouts: lowered.dropouts };
}

function gradientsOf(
  builder: ProgramBuilder,
  { parameters: { learned } }: TrainingSetup,
  { latents, trainables }: BoundParameters,
  loss: Tensor,
): ReadonlyMap<string, Tensor> {
  const names = [...latents.keys(), ...trainables.map(({ name }) => name)];
  const computed = gradient(builder, loss, [...latents.values(), ...trainables.map(({ tensor }) => tensor)]);
  const named = new Map(computed.map((tensor, i) => [names[i] ?? '', tensor]));
  const found = (name: string): Tensor => {
    const tensor = named.get(name);
    if (tensor === undefined) throw new Error(`no gradient is computed for "${name}"`);
    return tensor;
  };
  return new Map([
    ['weights', packTensors(builder, learned, found)] as const,
    ...trainables.map(({ name }) => [name, found(name)] as const),
  ]);
}

/**
 * Whether the statistics of a batch norm are still what they were initialized to. They carry no information, and at a
 * momentum of 0.99 would weigh in for hundreds of steps, so that a short training would be wrong at inference; early
 * steps forget faster instead.
 */
function isUntrained(network: Network, { mean, variance }: BatchNorm): boolean {
  const all = (id: ParameterId, value: number): boolean => network.parameters.get(id)?.data.every((x) => x === value) ?? false;
  return all(mean, 0) && all(variance, 1);
}

/** Weight of old statistics at an early step, rising to the momentum: 0.1, 0.18, 0.25, … 0.92 at step 100. */
export function earlyRetention(step: number): number {
  return step / (step + 9);
}

/** The teacher's values by a forward pass in the same program. */
function lowerTeacher(
  builder: ProgramBuilder,
  teacher: Network,
  inputs: readonly Tensor[],
  batchSize: number,
): ReadonlyMap<ValueId, LoweredValue> {
  return lowerNetwork(builder, teacher, {
    batchSize,
    mode: 'inference',
    inputs,
    parameter: (id) => {
      const parameter = teacher.parameters.get(id);
      if (parameter === undefined) throw new RangeError(`network "${teacher.name}" has no parameter "${id}"`);
      return builder.constant(parameter.data, parameter.shape);
    },
  }).values;
}

/** The weights, what constraints learn, and all moments after one step. */
function updatedState(
  builder: ProgramBuilder,
  setup: TrainingSetup,
  bound: BoundParameters,
  gradients: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const {
    optimizer,
    gradientClipNorm,
    parameters: { learned },
  } = setup;
  const update = builder.input('update', []);
  const names = [...gradients.keys()];
  const clipped =
    gradientClipNorm === undefined ? [...gradients.values()] : clipByGlobalNorm(builder, [...gradients.values()], gradientClipNorm);
  const stored = packTensors(builder, learned, (id) => storedTensor(bound, id));
  const state: Record<string, Tensor> = {};
  clipped.forEach((tensor, i) => {
    const name = names[i] ?? '';
    const trainable = bound.trainables.find((each) => each.name === name);
    const moments = momentNames(optimizer).map((moment) => builder.input(`${name}/${moment}`, tensor.shape));
    const step = optimizerUpdate(builder, optimizer, tensor, moments, stepSize(builder, setup, update, trainable));
    state[name] = builder.sub(trainable?.tensor ?? decayed(builder, setup, stored), step.difference);
    momentNames(optimizer).forEach((moment, k) => {
      const moved = step.moments[k];
      if (moved !== undefined) state[`${name}/${moment}`] = moved;
    });
  });
  return state;
}

/** The step size: one number for what a constraint learns, and one for each weight where kernels differ. */
function stepSize(
  builder: ProgramBuilder,
  { stepFactors = new Map<ParameterId, number>(), parameters: { learned } }: TrainingSetup,
  update: Tensor,
  trainable: BoundTrainable | undefined,
): Tensor {
  if (trainable !== undefined) {
    const { learningRateFactor, sharesKernelStepFactor, parameter } = trainable;
    const factor = learningRateFactor * (sharesKernelStepFactor ? (stepFactors.get(parameter) ?? 1) : 1);
    return factor === 1 ? update : builder.mul(update, factor);
  }
  if (stepFactors.size === 0) return update;
  const factors = spread(learned, ({ name }) => stepFactors.get(name) ?? 1);
  return builder.mul(builder.constant(factors, [learned.length]), update);
}

function storedTensor(bound: BoundParameters, id: ParameterId): Tensor {
  const tensor = bound.stored.get(id);
  if (tensor === undefined) throw new Error(`parameter "${id}" is not learned`);
  return tensor;
}

/** Decoupled weight decay of kernels and tables, Loshchilov & Hutter 2019, arXiv:1711.05101; biases and scales keep theirs. */
function decayed(builder: ProgramBuilder, { optimizer, parameters: { learned } }: TrainingSetup, weights: Tensor): Tensor {
  if (optimizer.kind === 'adam' || (optimizer.weightDecay ?? 0) === 0) return weights;
  const shares = spread(learned, ({ shape }) => (shape.length > 1 ? 1 : 0));
  const decay = builder.mul(builder.constant(shares, [learned.length]), builder.input('decay', []));
  return builder.sub(weights, builder.mul(weights, decay));
}

function initialState({ network, parameters, optimizer }: TrainingSetup, trainables: readonly Trainable[]): Map<string, Float32Array> {
  const data = (id: ParameterId): Float32Array => network.parameters.get(id)?.data ?? new Float32Array(0);
  const weights = new Float32Array(parameters.learned.length);
  for (const [id, view] of unpack(parameters.learned, weights)) view.set(data(id));
  const state = new Map<string, Float32Array>([
    ['weights', weights],
    ...trainables.map(({ name, initial }) => [name, initial.slice()] as const),
  ]);
  for (const [name, { length }] of [...state])
    for (const moment of momentNames(optimizer)) state.set(`${name}/${moment}`, new Float32Array(length));
  if (parameters.statistics.length > 0) {
    const statistics = new Float32Array(parameters.statistics.length);
    for (const [id, view] of unpack(parameters.statistics, statistics)) view.set(data(id));
    state.set('statistics', statistics);
  }
  return state;
}
