import type { Batch, DataSet } from '../data/dataset.ts';
import { type BoundTarget, boundTargets, labelsWidth, numbersWidth, partOf } from '../data/targets.ts';
import { EspalierError } from '../errors.ts';
import { elements, shapesText } from '../program/shapes.ts';
import type { FineTuning, Loss, LossKind, Optimizer, OutputLoss } from './fine-tuning.ts';
import { checkTeacher } from './check-teacher.ts';
import { classAxis, finalActivation, lossValue } from './loss-value.ts';
import { lossTerms } from './losses.ts';
import type { Network } from '../network/network.ts';
import { shapeOf } from '../lowering/lower-network.ts';

/** @throws EspalierError for settings and data that cannot work, before any time is spent on training */
export function checkFineTuning(options: FineTuning): void {
  checkNumbers(options);
  checkNetwork(options);
  checkDataSet(options, options.train, 'training');
  if (options.validation !== undefined && options.validation.size > 0) checkDataSet(options, options.validation, 'validation');
}

function checkNumbers(options: FineTuning): void {
  const positive = (name: string, value: number): void => {
    if (!(value > 0) || !Number.isFinite(value))
      throw new EspalierError('invalid-argument', `"${name}" is ${value}; it must be a number above 0`);
  };
  const count = (name: string, value: number): void => {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new EspalierError('invalid-argument', `"${name}" is ${value}; it must be a whole number above 0`);
  };
  positive('learningRate', options.learningRate.rate);
  if (options.learningRate.kind === 'cosine' && !(options.learningRate.finalRate >= 0)) {
    throw new EspalierError('invalid-argument', `"finalRate" is ${options.learningRate.finalRate}; it must be 0 or more`);
  }
  if (options.learningRate.kind === 'step') {
    positive('factor', options.learningRate.factor);
    count('everySteps', options.learningRate.everySteps);
  }
  count('batchSize', options.batchSize);
  if (options.steps === undefined) count('epochs', options.epochs);
  else count('steps', options.steps);
  const { warmUpSteps = 0 } = options.learningRate;
  if (!Number.isSafeInteger(warmUpSteps) || warmUpSteps < 0)
    throw new EspalierError('invalid-argument', `"warmUpSteps" is ${warmUpSteps}; it must be a whole number, 0 or more`);
  if (options.gradientClipNorm !== undefined) positive('gradientClipNorm', options.gradientClipNorm);
  if (options.earlyStopping !== undefined) count('earlyStopping.patience', options.earlyStopping.patience);
  checkOptimizer(options.optimizer, positive);
  const { averaging } = options;
  if (averaging !== undefined && !(averaging.decay > 0 && averaging.decay < 1))
    throw new EspalierError(
      'invalid-argument',
      `the decay of the averaging is ${averaging.decay}; it must lie between 0 and 1, both excluded`,
    );
  if (averaging !== undefined) count('averaging.fromStep', averaging.fromStep);
  const { distillation } = lossTerms(options.loss);
  if (distillation !== undefined) {
    positive('temperature', distillation.temperature);
    if (!(distillation.weight >= 0 && distillation.weight <= 1))
      throw new EspalierError('invalid-argument', `the weight of the distillation is ${distillation.weight}; it must lie between 0 and 1`);
  }
}

function checkOptimizer(optimizer: Optimizer, positive: (name: string, value: number) => void): void {
  const share = (name: string, value: number): void => {
    if (!(value >= 0 && value < 1))
      throw new EspalierError('invalid-argument', `"${name}" is ${value}; it must lie between 0 and 1, 1 excluded`);
  };
  if (optimizer.kind === 'sgd') share('momentum', optimizer.momentum);
  else {
    share('beta1', optimizer.beta1);
    share('beta2', optimizer.beta2);
    positive('epsilon', optimizer.epsilon);
  }
  const weightDecay = optimizer.kind === 'adam' ? 0 : (optimizer.weightDecay ?? 0);
  if (!(weightDecay >= 0) || !Number.isFinite(weightDecay))
    throw new EspalierError('invalid-argument', `"weightDecay" is ${weightDecay}; it must be a number, 0 or more`);
}

function checkNetwork({ network, loss }: FineTuning): void {
  const { outputs, distillation } = lossTerms(loss);
  if (distillation === undefined) return;
  const { teacher } = distillation;
  const where = `teacher "${teacher.name}"`;
  checkTeacher(network, teacher, where);
  for (const { output, loss: kind } of outputs) {
    if (distillation.onlyClasses === true || (kind !== 'meanSquaredError' && kind !== 'meanAbsoluteError')) continue;
    const [own, others] = [network, teacher].map((each) => finalActivation(each, each.outputs[output] ?? '') === 'softmax');
    if (own !== others)
      throw new EspalierError('invalid-model', `only one of teacher and model ends in a softmax, and "${kind}" compares their outputs`, {
        where,
        fix: 'distil from a model that ends as this one does, or take the loss "crossEntropy"',
      });
  }
}

function checkDataSet({ network, loss }: FineTuning, data: DataSet, split: string): void {
  const where = `data set "${data.name}"`;
  if (data.size < 1)
    throw new EspalierError('invalid-data', `the ${split} split is empty`, {
      where,
      fix: 'give it some examples or lower the share of the other splits',
    });
  const wanted = network.inputs.map((id) => shapeOf(network, id));
  if (wanted.map(elements).join() !== data.inputShapes.map(elements).join()) {
    throw new EspalierError('invalid-data', `its examples are ${shapesText(data.inputShapes)}, the model takes ${shapesText(wanted)}`, {
      where,
      fix: 'change the preprocessing (resize, grayscale, reshape) so that they agree',
    });
  }
  for (const { target, shape, term } of learnedOutputs(network, loss, data)) checkTarget(target, shape, term.loss, where);
  const [only] = boundTargets(data.target);
  if (data.target.kind === 'classes' && data.labels !== undefined && only !== undefined)
    checkAllLabels(data.labels, data, elements(shapeOf(network, lossValue(network, lossTerms(loss).outputs[0]?.loss ?? 'crossEntropy'))));
}

interface LearnedOutput {
  readonly term: OutputLoss;
  readonly target: BoundTarget;
  /** Of the value that the loss is computed from. */
  readonly shape: readonly number[];
}

function learnedOutputs(network: Network, loss: Loss, data: DataSet): readonly LearnedOutput[] {
  const bound = boundTargets(data.target);
  return lossTerms(loss).outputs.map((term) => {
    const target = bound.find(({ output }) => output === term.output);
    if (target === undefined)
      throw new EspalierError('invalid-data', `it has nothing for output ${term.output} of the model to learn`, {
        where: `data set "${data.name}"`,
      });
    return { term, target, shape: shapeOf(network, lossValue(network, term.loss, term.output)) };
  });
}

function checkTarget(bound: BoundTarget, shape: readonly number[], loss: LossKind, dataSet: string): void {
  const where = bound.name === '' ? dataSet : `${dataSet}, output "${bound.name}"`;
  const outputs = elements(shape);
  const { target } = bound;
  if ('size' in target && target.size !== outputs) {
    throw new EspalierError('invalid-data', `its targets have ${target.size} numbers, the model predicts ${outputs}`, { where });
  }
  if (!('classes' in target)) return;
  const { positions, classes } = classAxis(shape, target);
  if (!Number.isInteger(classes))
    throw new EspalierError('invalid-data', `its masks have ${positions} positions, the model gives [${shape.join(', ')}]`, {
      where,
      fix: 'give masks of the size of the output',
    });
  if (target.classes > classesOf(classes)) {
    throw new EspalierError('invalid-data', `it has ${target.classes} classes, the model tells ${classes} apart`, {
      where,
      fix: 'use the data set that the model was trained for, or a model with as many outputs as classes',
    });
  }
  if (classes === 1 && loss === 'crossEntropy') {
    throw new EspalierError('invalid-argument', 'cross-entropy over one output is always 0', { fix: 'use the loss "binaryCrossEntropy"' });
  }
}

/** Checked before training, since a wrong label could otherwise appear hours into an epoch. */
function checkAllLabels(labels: Int32Array, data: DataSet, outputs: number): void {
  const where = `data set "${data.name}"`;
  if (labels.length !== data.size) {
    throw new EspalierError('invalid-data', `it has ${labels.length} labels for ${data.size} examples`, {
      where,
      fix: 'give each example one label',
    });
  }
  const wrong = labels.findIndex((label) => !isClassOf(label, outputs));
  if (wrong >= 0) throw labelError(`example ${wrong}: label ${labels[wrong]}`, outputs, where);
}

/** One output distinguishes two classes. */
function classesOf(outputs: number): number {
  return Math.max(outputs, 2);
}

function isClassOf(label: number, outputs: number): boolean {
  return label >= 0 && label < classesOf(outputs);
}

function labelError(label: string, outputs: number, where: string): EspalierError {
  return new EspalierError('invalid-data', `${label} is outside 0 to ${classesOf(outputs) - 1}, the classes of the model`, {
    where,
    fix: 'correct the label, or take a model with as many outputs as there are classes',
  });
}

/**
 * The check of each batch of a training, made once; it throws an EspalierError when a batch is not what its data set said it
 * would be.
 *
 * @returns a function of a batch and the number of its examples
 */
export function batchCheck(data: DataSet, network: Network, loss: Loss): (batch: Batch, expected: number) => void {
  const where = `data set "${data.name}"`;
  const inputLengths = data.inputShapes.map(elements);
  const [labelWidth, numberWidth] = [labelsWidth(data.target), numbersWidth(data.target)];
  const classOutputs = learnedOutputs(network, loss, data).flatMap(({ target, shape }) =>
    target.target.kind === 'classes' ? [{ part: target.labels, classes: classAxis(shape, target.target).classes }] : [],
  );
  return (batch, expected) => {
    const lengths = batch.inputs.map((input) => input.length);
    if (batch.size !== expected || lengths.join() !== inputLengths.map((length) => expected * length).join()) {
      throw new EspalierError('invalid-data', `a batch of ${expected} examples came with ${lengths.join(' and ')} numbers`, { where });
    }
    const [labels, numbers] = [expected * labelWidth, expected * numberWidth];
    if (numbers > 0 && batch.targets.length !== numbers)
      throw new EspalierError('invalid-data', `a batch of ${expected} examples came with ${batch.targets.length} target numbers`, {
        where,
      });
    if (labels > 0 && batch.labels.length !== labels)
      throw new EspalierError('invalid-data', `a batch of ${expected} examples came with ${batch.labels.length} labels`, { where });
    for (const { part, classes } of classOutputs) {
      const wrong = partOf(batch.labels, expected, part).find((label) => !isClassOf(label, classes));
      if (wrong !== undefined) throw labelError(`label ${wrong}`, classes, where);
    }
  };
}
