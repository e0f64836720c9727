import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { Fed, Trainable } from '../constraints/lowered-weight.ts';
import type { Target } from '../data/dataset.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { ProgramBuilder } from '../program/builder.ts';
import { gradient } from '../program/gradient.ts';
import type { Program, Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { ActivationQuantizers } from './activation-quantizers.ts';
import { bindParameters, type BoundParameters } from './bound-parameters.ts';
import type { BatchNormMode, Loss, Optimizer } from './fine-tuning.ts';
import { packTensors, unpack } from './flat-layout.ts';
import { batchLoss, correctPredictions, lossValue, targetTensors } from './losses.ts';
import { lowerNetwork, shapeOf } from './lowering/lower-network.ts';
import type { DropoutMask } from './lowering/lowering-context.ts';
import { clipByGlobalNorm, momentNames, optimizerUpdate } from './optimizers.ts';
import type { TrainedParameters } from './trained-parameters.ts';

/** All that fixes a training step but the size of its batch. */
export interface TrainingSetup {
  readonly network: Network;
  readonly parameters: TrainedParameters;
  readonly constraints: NetworkConstraints;
  readonly denseMaskGradients: boolean;
  readonly quantizers: ActivationQuantizers | undefined;
  readonly target: Target;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly batchNorm: BatchNormMode;
  readonly frozen: ReadonlySet<ParameterId>;
  readonly gradientClipNorm: number | undefined;
}

/**
 * A whole training step as one program: forward, loss, backward, optimizer.
 *
 * Inputs: `input/<id>`, `labels` or `targets`, `update` and `decay` (see `StepSizes`), masks, dropout masks,
 * `quantizers`, and the state. Outputs: the state under the same names, `loss` (the mean of the batch), and where they
 * apply `correct` (examples classified rightly) and `observed` (see `ActivationQuantizers`).
 */
export interface TrainingProgram {
  readonly program: Program;
  readonly fed: readonly Fed[];
  readonly dropouts: readonly DropoutMask[];
  /** First values of the state: `weights`, `statistics`, what constraints learn, and the moments of the optimizer. */
  initialState(): Map<string, Float32Array>;
}

export function buildTrainingProgram(setup: TrainingSetup, batchSize: number): TrainingProgram {
  const { network, parameters, loss } = setup;
  const builder = new ProgramBuilder();
  const bound = bindParameters(builder, network, parameters, setup.constraints, setup.denseMaskGradients);
  const quantizers = setup.quantizers?.lower(builder);
  const inputs = network.inputs.map((id) => builder.input(`input/${id}`, [batchSize, ...shapeOf(network, id)]));
  const lowered = lowerNetwork(builder, network, {
    batchSize,
    mode: setup.batchNorm === 'training' ? 'training' : 'trainingFrozenBatchNorm',
    inputs,
    frozen: setup.frozen,
    parameter: (id) => bound.parameter(id),
    transform: (id, value) => quantizers?.quantize(id, value) ?? value,
  });

  const outputId = lossValue(network, loss);
  const size = elements(shapeOf(network, outputId));
  const output = lowered.values.get(outputId);
  if (output === undefined) throw new RangeError(`network "${network.name}" does not compute "${outputId}"`);
  const predicted = builder.reshape(output.batchMajor, [batchSize, size]);
  const targets = targetTensors(builder, setup.target, batchSize, size);
  const teacher = loss.kind === 'distillation' ? lowerTeacher(builder, loss.teacher, loss, inputs, batchSize, size) : undefined;
  const lossTensor = batchLoss(builder, loss, predicted, targets.values, teacher);

  const outputs: Record<string, Tensor> = { loss: lossTensor, ...updatedState(builder, setup, bound, lossTensor) };
  if (parameters.statistics.length > 0) {
    outputs['statistics'] = packTensors(builder, parameters.statistics, (id) => lowered.statistics.get(id) ?? bound.parameter(id));
  }
  const correct = correctPredictions(builder, loss, predicted, targets.labels);
  if (correct !== undefined) outputs['correct'] = correct;
  const observed = quantizers?.observed();
  if (observed !== undefined) outputs['observed'] = observed;
  return { program: builder.build(outputs), fed: bound.fed, dropouts: lowered.dropouts, initialState: () => initialState(setup, bound.trainables) };
}

/** The teacher's logits `[n, size]` by a forward pass in the same program. */
function lowerTeacher(builder: ProgramBuilder, teacher: Network, loss: Loss, inputs: readonly Tensor[], batchSize: number, size: number): Tensor {
  const lowered = lowerNetwork(builder, teacher, {
    batchSize,
    mode: 'inference',
    inputs,
    parameter: (id) => {
      const parameter = teacher.parameters.get(id);
      if (parameter === undefined) throw new RangeError(`network "${teacher.name}" has no parameter "${id}"`);
      return builder.constant(parameter.data, parameter.shape);
    },
  });
  const logits = lowered.values.get(lossValue(teacher, loss));
  if (logits === undefined) throw new RangeError(`network "${teacher.name}" does not compute its logits`);
  return builder.reshape(logits.batchMajor, [batchSize, size]);
}

/** The weights, what constraints learn, and all moments after one step. */
function updatedState(builder: ProgramBuilder, setup: TrainingSetup, bound: BoundParameters, loss: Tensor): Record<string, Tensor> {
  const { optimizer } = setup;
  const { learned } = setup.parameters;
  const wanted = [...bound.latents.values(), ...bound.trainables.map(({ tensor }) => tensor)];
  const gradients = new Map(wanted.map((tensor, i) => [tensor.id, i]));
  const computed = gradient(builder, loss, wanted);
  const gradientOf = (tensor: Tensor | undefined): Tensor => {
    const found = tensor === undefined ? undefined : computed[gradients.get(tensor.id) ?? -1];
    if (found === undefined) throw new Error('no gradient was asked for this tensor');
    return found;
  };

  const flatGradient = packTensors(builder, learned, (id) => gradientOf(bound.latents.get(id)));
  const all = [flatGradient, ...bound.trainables.map(({ tensor }) => gradientOf(tensor))];
  const clipped = setup.gradientClipNorm === undefined ? all : clipByGlobalNorm(builder, all, setup.gradientClipNorm);

  const update = builder.input('update', []);
  const state: Record<string, Tensor> = {};
  const apply = (name: string, base: Tensor, shape: readonly number[], index: number, factor: number): void => {
    const moments = momentNames(optimizer).map((moment) => builder.input(`${name}/${moment}`, shape));
    const step = optimizerUpdate(builder, optimizer, clipped[index] ?? flatGradient, moments, factor === 1 ? update : builder.mul(update, factor));
    state[name] = builder.sub(base, step.difference);
    momentNames(optimizer).forEach((moment, i) => {
      const moved = step.moments[i];
      if (moved !== undefined) state[`${name}/${moment}`] = moved;
    });
  };
  const stored = packTensors(builder, learned, (id) => storedTensor(bound, id));
  apply('weights', decayed(builder, setup, stored), [learned.length], 0, 1);
  bound.trainables.forEach(({ name, tensor, learningRateFactor }, i) => apply(name, tensor, tensor.shape, i + 1, learningRateFactor));
  return state;
}

function storedTensor(bound: BoundParameters, id: ParameterId): Tensor {
  const tensor = bound.stored.get(id);
  if (tensor === undefined) throw new Error(`parameter "${id}" is not learned`);
  return tensor;
}

/** Decoupled weight decay of kernels and tables, Loshchilov & Hutter 2019, arXiv:1711.05101; biases and scales keep theirs. */
function decayed(builder: ProgramBuilder, { optimizer, parameters: { learned } }: TrainingSetup, weights: Tensor): Tensor {
  if (optimizer.kind === 'adam' || (optimizer.weightDecay ?? 0) === 0) return weights;
  const shares = new Float32Array(learned.length);
  for (const { shape, offset, length } of learned.entries) if (shape.length > 1) shares.fill(1, offset, offset + length);
  const decay = builder.mul(builder.constant(shares, [learned.length]), builder.input('decay', []));
  return builder.sub(weights, builder.mul(weights, decay));
}

function initialState({ network, parameters, optimizer }: TrainingSetup, trainables: readonly Trainable[]): Map<string, Float32Array> {
  const data = (id: ParameterId): Float32Array => network.parameters.get(id)?.data ?? new Float32Array(0);
  const weights = new Float32Array(parameters.learned.length);
  for (const [id, view] of unpack(parameters.learned, weights)) view.set(data(id));
  const state = new Map<string, Float32Array>([['weights', weights], ...trainables.map(({ name, initial }) => [name, initial.slice()] as const)]);
  for (const [name, { length }] of [...state]) for (const moment of momentNames(optimizer)) state.set(`${name}/${moment}`, new Float32Array(length));
  if (parameters.statistics.length > 0) {
    const statistics = new Float32Array(parameters.statistics.length);
    for (const [id, view] of unpack(parameters.statistics, statistics)) view.set(data(id));
    state.set('statistics', statistics);
  }
  return state;
}
