import { unreachable } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { OutputTarget, Target } from '../data/target.ts';
import { type BoundTarget, boundTargets } from '../data/targets.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { Distillation, Loss, LossKind, OutputLoss } from './fine-tuning.ts';
import { logSoftmax } from '../lowering/activations.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import { type ClassAxis, classAxis, finalActivation, lossValue } from './loss-value.ts';
import { TargetInputs } from './target-inputs.ts';

/** A loss as the weighted sum over outputs that it is. */
export function lossTerms(loss: Loss): { readonly outputs: readonly OutputLoss[]; readonly distillation: Distillation | undefined } {
  switch (loss.kind) {
    case 'outputs':
      return { outputs: loss.outputs, distillation: loss.distillation };
    case 'distillation':
      return { outputs: [{ output: 0, loss: 'crossEntropy', weight: 1 }], distillation: loss };
    default:
      return { outputs: [{ output: 0, loss: loss.kind, weight: 1 }], distillation: undefined };
  }
}

/** An output of a batch with what it is compared with. */
interface Compared {
  readonly term: OutputLoss;
  readonly target: BoundTarget;
  /** `[batch * positions, classes]`: logits, or for the squared error the prediction. */
  readonly predicted: Tensor;
  /** The same shape: one-hot classes (0 everywhere for a label that does not count), or numbers. */
  readonly wanted: Tensor;
  /** int32 `[batch * positions]`, for classes. */
  readonly labels: Tensor | undefined;
  readonly axis: ClassAxis;
}

export interface LoweredLoss {
  /** The mean loss of the batch. */
  readonly loss: Tensor;
  /** Of the first output with classes: how many examples are classified correctly, or of a map the share of its positions, summed. */
  readonly correct: Tensor | undefined;
}

/**
 * The loss of a batch.
 *
 * @param valueOf a value of the network or of the teacher as `[batch, elements]`
 */
export function lowerLoss(
  builder: ProgramBuilder,
  network: Network,
  loss: Loss,
  target: Target,
  batchSize: number,
  valueOf: (of: 'network' | 'teacher', id: ValueId) => Tensor,
): LoweredLoss {
  const inputs = new TargetInputs(builder, target, batchSize);
  const { outputs, distillation } = lossTerms(loss);
  const compared = outputs.map((term): Compared => {
    const bound = inputs.of(term.output);
    const id = lossValue(network, term.loss, term.output);
    const axis = classAxis(shapeOf(network, id), bound.target);
    const predicted = builder.reshape(valueOf('network', id), [batchSize * axis.positions, axis.classes]);
    const labels = bound.labels.width === 0 ? undefined : inputs.labels(bound);
    const wanted =
      labels === undefined ? wantedNumbers(builder, network, term, inputs.numbers(bound), axis) : oneHot(builder, labels, axis);
    return { term, target: bound, predicted, wanted, labels, axis };
  });
  const losses = compared.map((each) => {
    const hard = outputLoss(builder, each);
    if (distillation === undefined || (distillation.onlyClasses === true && each.term.loss !== 'crossEntropy'))
      return weighted(builder, hard, each.term.weight);
    const value = lossValue(distillation.teacher, each.term.loss, each.term.output);
    const teacher = builder.reshape(valueOf('teacher', value), each.predicted.shape);
    const soft = softLoss(builder, each, teacher, distillation);
    return weighted(builder, builder.add(soft, builder.mul(hard, 1 - distillation.weight)), each.term.weight);
  });
  const [first, ...others] = losses;
  if (first === undefined) throw new RangeError('a loss is of one output or more');
  const classified = compared.find(({ labels }) => labels !== undefined);
  return {
    loss: others.reduce((sum, each) => builder.add(sum, each), first),
    correct: classified && correctPredictions(builder, classified),
  };
}

function weighted(builder: ProgramBuilder, loss: Tensor, weight: number): Tensor {
  return weight === 1 ? loss : builder.mul(loss, weight);
}

function wantedNumbers(builder: ProgramBuilder, network: Network, { loss, output }: OutputLoss, numbers: Tensor, axis: ClassAxis): Tensor {
  const [batchSize = 1] = numbers.shape;
  const values = builder.reshape(numbers, [batchSize * axis.positions, axis.classes]);
  // What is learned of a logarithm of probabilities are the probabilities.
  const isLog = loss === 'crossEntropy' && finalActivation(network, network.outputs[output] ?? '') === 'logSoftmax';
  return isLog ? builder.exp(values) : values;
}

function oneHot(builder: ProgramBuilder, labels: Tensor, { classes: size }: ClassAxis): Tensor {
  const column = builder.reshape(labels, [elements(labels.shape), 1]);
  // One output for two classes is the probability of class 1.
  if (size === 1) return builder.cast(column, 'float32');
  const classes = builder.constant(
    Int32Array.from({ length: size }, (_, i) => i),
    [1, size],
  );
  return builder.cast(builder.equal(column, classes), 'float32');
}

function outputLoss(builder: ProgramBuilder, { term, target, predicted, wanted, labels }: Compared): Tensor {
  const isMap = target.target.kind === 'classMap';
  switch (term.loss) {
    case 'crossEntropy':
      return isMap ? mapCrossEntropy(builder, predicted, wanted) : crossEntropy(builder, predicted, wanted);
    case 'binaryCrossEntropy':
      return isMap && labels !== undefined
        ? mapBinaryCrossEntropy(builder, predicted, wanted, labels)
        : builder.mean(binaryCrossEntropy(builder, predicted, wanted));
    case 'meanSquaredError': {
      const error = builder.mean(builder.square(builder.sub(predicted, wanted)));
      return term.variance === undefined || term.variance === 1 ? error : builder.mul(error, 1 / term.variance);
    }
    case 'meanAbsoluteError': {
      const error = builder.mean(builder.abs(builder.sub(predicted, wanted)));
      // As large as the squared error over the variance where errors are as large as the deviation.
      return term.variance === undefined || term.variance === 1 ? error : builder.mul(error, 1 / Math.sqrt(term.variance));
    }
    default:
      return unreachable(term.loss);
  }
}

/** The part of an output's loss that compares it with the teacher's: what is soft in it is softened by the temperature. */
function softLoss(builder: ProgramBuilder, compared: Compared, teacher: Tensor, { temperature, weight }: Distillation): Tensor {
  const { predicted, term } = compared;
  switch (term.loss) {
    case 'crossEntropy':
      return builder.mul(divergence(builder, teacher, predicted, temperature), weight * temperature ** 2);
    case 'binaryCrossEntropy': {
      const wanted = builder.stopGradient(builder.sigmoid(builder.mul(teacher, 1 / temperature)));
      const loss = builder.mean(binaryCrossEntropy(builder, builder.mul(predicted, 1 / temperature), wanted));
      return builder.mul(loss, weight * temperature ** 2);
    }
    case 'meanSquaredError':
    case 'meanAbsoluteError':
      return builder.mul(outputLoss(builder, { ...compared, wanted: builder.stopGradient(teacher) }), weight);
    default:
      return unreachable(term.loss);
  }
}

/** The mean over the positions that have a class. */
function mapCrossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor): Tensor {
  const sum = builder.sum(builder.mul(target, logSoftmax(builder, logits, 1)));
  return builder.neg(builder.div(sum, builder.max(builder.stopGradient(builder.sum(target)), 1)));
}

function mapBinaryCrossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor, labels: Tensor): Tensor {
  const counts = builder.reshape(isClass(builder, labels, 2), target.shape);
  const sum = builder.sum(builder.mul(binaryCrossEntropy(builder, logits, builder.mul(target, counts)), counts));
  return builder.div(sum, builder.max(builder.sum(counts), 1));
}

/** 1 where the label is one of the classes. */
function isClass(builder: ProgramBuilder, labels: Tensor, classes: number): Tensor {
  const numbers = builder.cast(labels, 'float32');
  return builder.mul(builder.cast(builder.greater(numbers, -1), 'float32'), builder.cast(builder.less(numbers, classes), 'float32'));
}

function crossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor): Tensor {
  return builder.neg(builder.mean(builder.sum(builder.mul(target, logSoftmax(builder, logits, 1)), [1])));
}

/** Of each of the logits x and targets t: `max(x, 0) - x t + log(1 + exp(-|x|))`, a form that does not overflow. */
function binaryCrossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor): Tensor {
  const softplus = builder.log(builder.add(builder.exp(builder.neg(builder.abs(logits))), 1));
  return builder.add(builder.sub(builder.relu(logits), builder.mul(logits, target)), softplus);
}

/** `KL(p || q) = sum p (log p - log q)` of p = softmax(teacher / T) and q = softmax(student / T). Hinton et al. 2015, arXiv:1503.02531. */
function divergence(builder: ProgramBuilder, teacher: Tensor, student: Tensor, temperature: number): Tensor {
  const expected = builder.stopGradient(logSoftmax(builder, builder.mul(teacher, 1 / temperature), 1));
  const found = logSoftmax(builder, builder.mul(student, 1 / temperature), 1);
  return builder.mean(builder.sum(builder.mul(builder.exp(expected), builder.sub(expected, found)), [1]));
}

function correctPredictions(builder: ProgramBuilder, { term, target, predicted, labels, axis }: Compared): Tensor | undefined {
  if (labels === undefined) return undefined;
  const threshold = term.loss === 'meanSquaredError' || term.loss === 'meanAbsoluteError' ? 0.5 : 0;
  const classes =
    axis.classes === 1
      ? builder.cast(builder.greater(builder.reshape(predicted, labels.shape), threshold), 'int32')
      : builder.argMax(predicted, 1);
  const right = builder.cast(builder.equal(classes, labels), 'float32');
  if (target.target.kind !== 'classMap') return builder.sum(right);
  // Positions without a class are left out of the share.
  const counts = isClass(builder, labels, target.target.classes);
  const share = builder.div(builder.sum(builder.mul(right, counts)), builder.max(builder.sum(counts), 1));
  return builder.mul(share, elements(labels.shape) / axis.positions);
}

/** The expected loss of a model that has learned nothing, which a diverging loss is compared with. */
export function chanceLoss(loss: Loss, target: Target): number {
  const bound = boundTargets(target);
  return lossTerms(loss).outputs.reduce(
    (sum, { output, loss: kind, weight }) => sum + weight * outputChance(kind, bound.find((each) => each.output === output)?.target),
    0,
  );
}

function outputChance(loss: LossKind, target: OutputTarget | undefined): number {
  switch (loss) {
    case 'crossEntropy':
      return Math.log(Math.max(target === undefined ? 2 : 'classes' in target ? target.classes : target.size, 2));
    case 'binaryCrossEntropy':
      return Math.LN2;
    case 'meanSquaredError':
    case 'meanAbsoluteError':
      return 1;
    default:
      return unreachable(loss);
  }
}
