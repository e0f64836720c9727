import { EspalierError, unreachable } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { ActivationFunction } from '../network/operations.ts';
import type { DataSplits } from '../data/dataset.ts';
import type { Target } from '../data/target.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';
import type { Loss } from './fine-tuning.ts';
import { logSoftmax } from '../lowering/activations.ts';
import { shapeOf } from '../lowering/lower-network.ts';

/**
 * The value that a loss is computed from: for cross-entropies the logits, that is the input of a final softmax (or of its
 * logarithm, which PyTorch's models end in) or sigmoid where there is one, else the output is taken for logits; for the
 * squared error the output itself.
 */
export function lossValue(network: Network, loss: Loss): ValueId {
  const output = network.outputs[0];
  if (output === undefined) throw new RangeError(`network "${network.name}" has no output`);
  switch (loss.kind) {
    case 'meanSquaredError':
      return output;
    case 'binaryCrossEntropy':
      return beforeActivation(network, output, ['sigmoid']);
    case 'crossEntropy':
    case 'distillation':
      return beforeActivation(network, output, ['softmax', 'logSoftmax']);
    default:
      return unreachable(loss);
  }
}

function beforeActivation(network: Network, output: ValueId, names: readonly ActivationFunction[]): ValueId {
  let id = output;
  for (;;) {
    const operation = network.operations.find((candidate) => candidate.output === id);
    const input = operation?.inputs[0];
    if (operation === undefined || input === undefined) return output;
    if (operation.kind === 'activation' && names.includes(operation.function)) return input;
    if (operation.kind !== 'reshape' || elements(shapeOf(network, id)) !== elements(shapeOf(network, input))) return output;
    id = input;
  }
}

/** Inputs of the program for what is to be predicted. */
export interface TargetTensors {
  /** `[n, size]`: one-hot classes, or the vector to predict. */
  readonly values: Tensor;
  /** `[n]`, for classes. */
  readonly labels: Tensor | undefined;
}

/** @param size elements of the network's output */
export function targetTensors(builder: ProgramBuilder, target: Target, batchSize: number, size: number): TargetTensors {
  if (target.kind === 'regression') return { values: builder.input('targets', [batchSize, size]), labels: undefined };
  const labels = builder.input('labels', [batchSize], 'int32');
  // One output for two classes is the probability of class 1.
  const column = builder.reshape(labels, [batchSize, 1]);
  if (size === 1) return { values: builder.cast(column, 'float32'), labels };
  const classes = builder.constant(
    Int32Array.from({ length: size }, (_, i) => i),
    [1, size],
  );
  return { values: builder.cast(builder.equal(column, classes), 'float32'), labels };
}

/**
 * The mean loss of a batch.
 *
 * @param output `[n, size]`: logits, or for the squared error the prediction
 * @param teacher logits `[n, size]` of the teacher, for distillation
 */
export function batchLoss(builder: ProgramBuilder, loss: Loss, output: Tensor, target: Tensor, teacher: Tensor | undefined): Tensor {
  switch (loss.kind) {
    case 'crossEntropy':
      return crossEntropy(builder, output, target);
    case 'binaryCrossEntropy':
      return binaryCrossEntropy(builder, output, target);
    case 'meanSquaredError':
      return builder.mean(builder.square(builder.sub(output, target)));
    case 'distillation': {
      if (teacher === undefined) throw new RangeError('distillation needs the logits of a teacher');
      const soft = builder.mul(divergence(builder, teacher, output, loss.temperature), loss.weight * loss.temperature ** 2);
      return builder.add(soft, builder.mul(crossEntropy(builder, output, target), 1 - loss.weight));
    }
    default:
      return unreachable(loss);
  }
}

function crossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor): Tensor {
  return builder.neg(builder.mean(builder.sum(builder.mul(target, logSoftmax(builder, logits, 1)), [1])));
}

/** Of logits x and targets t: `max(x, 0) - x t + log(1 + exp(-|x|))`, a form that does not overflow. */
function binaryCrossEntropy(builder: ProgramBuilder, logits: Tensor, target: Tensor): Tensor {
  const softplus = builder.log(builder.add(builder.exp(builder.neg(builder.abs(logits))), 1));
  return builder.mean(builder.add(builder.sub(builder.relu(logits), builder.mul(logits, target)), softplus));
}

/** `KL(p || q) = sum p (log p - log q)` of p = softmax(teacher / T) and q = softmax(student / T). Hinton et al. 2015, arXiv:1503.02531. */
function divergence(builder: ProgramBuilder, teacher: Tensor, student: Tensor, temperature: number): Tensor {
  const expected = builder.stopGradient(logSoftmax(builder, builder.mul(teacher, 1 / temperature), 1));
  const found = logSoftmax(builder, builder.mul(student, 1 / temperature), 1);
  return builder.mean(builder.sum(builder.mul(builder.exp(expected), builder.sub(expected, found)), [1]));
}

/** How many examples of the batch are classified correctly; undefined without labels. */
export function correctPredictions(builder: ProgramBuilder, loss: Loss, output: Tensor, labels: Tensor | undefined): Tensor | undefined {
  if (labels === undefined) return undefined;
  const [, size = 1] = output.shape;
  const threshold = loss.kind === 'meanSquaredError' ? 0.5 : 0;
  const predicted =
    size === 1 ? builder.cast(builder.greater(builder.reshape(output, labels.shape), threshold), 'int32') : builder.argMax(output, 1);
  return builder.sum(builder.cast(builder.equal(predicted, labels), 'float32'));
}

/** The expected loss of a model that has learned nothing, which a diverging loss is compared with. */
export function chanceLoss(loss: Loss, target: Target): number {
  switch (loss.kind) {
    case 'crossEntropy':
    case 'distillation':
      return Math.log(Math.max(target.kind === 'classes' ? target.classes : target.size, 2));
    case 'binaryCrossEntropy':
      return Math.LN2;
    case 'meanSquaredError':
      return 1;
    default:
      return unreachable(loss);
  }
}

/** @throws EspalierError `invalid-data` when model and data do not go together */
export function lossFor(network: Network, data: DataSplits): Loss {
  const [output] = network.outputs;
  const size = output === undefined ? 0 : (network.values.get(output)?.shape ?? []).reduce((product, axis) => product * axis, 1);
  const { target } = data.train;
  if (target.kind === 'regression') return { kind: 'meanSquaredError' };
  if (size === 1 && target.classes === 2) return { kind: 'binaryCrossEntropy' };
  if (size < target.classes) {
    throw new EspalierError('invalid-data', `the data has ${target.classes} classes, the model ${size} outputs`, {
      where: 'data',
      fix: 'name the classes that the model knows with "classes", or take the data that it was trained on',
    });
  }
  return { kind: 'crossEntropy' };
}
