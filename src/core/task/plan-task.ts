/** What each output of a model learns and how it is measured: from the data, the network, and what the recipe says. */
import type { OutputOptions, OutputsByName } from '../../shared/recipe/output-options.ts';
import type { QualityId } from '../../shared/results.ts';
import type { DataSet, DataSplits } from '../data/dataset.ts';
import type { NamedTarget, OutputTarget, Target } from '../data/target.ts';
import { findOutput, outputsOf, plainName } from '../data/inputs/model-inputs.ts';
import { boundTargets, measuresOf } from '../data/targets.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { elements } from '../program/shapes.ts';
import type { Loss, LossKind } from '../train/fine-tuning.ts';
import { classAxis, finalActivation } from '../train/loss-value.ts';

export interface PlannedOutput extends NamedTarget {
  readonly measure: QualityId;
  readonly loss: LossKind;
  readonly weight: number;
  /** Place among the targets of the data; undefined for what is learned from the trained model. */
  readonly source: number | undefined;
}

export interface TaskPlan {
  readonly outputs: readonly PlannedOutput[];
  /** Whether the data's target is the task as it is: one output, and nothing else said. */
  readonly isPlain: boolean;
  readonly warnings: readonly string[];
}

/**
 * @param network the trained model
 * @throws EspalierError `invalid-recipe` for an output that the model does not have, or a loss or measure that does not fit
 * it; `invalid-data` where one split has labels and another has none
 */
export function planTask(network: Network, data: DataSplits, options: OutputsByName = {}): TaskPlan {
  const named = namedOptions(network, options);
  checkSplits(data);
  const labelled = labelledOutputs(network, data.train.target, named);
  const outputs = learnedPlaces(network, labelled, named).map((output): PlannedOutput => {
    const name = outputName(network, output);
    const found = labelled.find((each) => each.output === output);
    const given = named.get(output) ?? {};
    const isTeacher = found === undefined || given.loss === 'distillation';
    const shape = network.values.get(network.outputs[output] ?? '')?.shape ?? [];
    const target: OutputTarget = isTeacher ? { kind: 'teacher', size: elements(shape) } : found.target;
    return {
      name,
      output,
      target,
      measure: measureFor(name, target, given.measure),
      loss: lossFor(network, output, target, given.loss),
      weight: given.weight ?? 1,
      source: isTeacher ? undefined : found.source,
    };
  });
  if (outputs.length === 0)
    throw new EspalierError('invalid-recipe', 'no output of the model is trained or measured', {
      where: 'outputs',
      fix: 'give one a loss other than "none"',
    });
  const [only] = outputs;
  const isPlain =
    outputs.length === 1 && only?.source === 0 && only.output === 0 && data.train.target.kind !== 'outputs' && named.get(0) === undefined;
  return { outputs, isPlain, warnings: isPlain ? [] : planWarnings(outputs) };
}

/** The target of data that are read for the task. */
export function plannedTarget(plan: TaskPlan, target: Target): Target {
  return plan.isPlain ? target : { kind: 'outputs', outputs: plan.outputs };
}

/** @param variances of what squared errors are of, by output */
export function plannedLoss({ outputs, isPlain }: TaskPlan, variances: ReadonlyMap<number, number>): Loss {
  const [only] = outputs;
  if (isPlain && only !== undefined) return { kind: only.loss };
  return {
    kind: 'outputs',
    outputs: outputs.map(({ output, loss, weight }) => ({ output, loss, weight, variance: variances.get(output) })),
  };
}

function namedOptions(network: Network, options: OutputsByName): ReadonlyMap<number, OutputOptions> {
  const outputs = outputsOf(network);
  return new Map(
    Object.entries(options).map(([name, given]) => [
      findOutput(outputs, name, { kind: 'invalid-recipe', where: `outputs.${name}` }),
      given,
    ]),
  );
}

/** As `espalier inspect` prints them. */
export function outputNames(network: Network): readonly string[] {
  return outputsOf(network).map(({ name }) => plainName(name));
}

function outputName(network: Network, place: number): string {
  return outputNames(network)[place] ?? '';
}

interface LabelledOutput {
  readonly output: number;
  readonly target: OutputTarget;
  readonly source: number;
}

/** Labels without a name are the first output's, or of those of the recipe the first that learns labels. */
function labelledOutputs(network: Network, target: Target, named: ReadonlyMap<number, OutputOptions>): readonly LabelledOutput[] {
  if (target.kind === 'outputs') return boundTargets(target).map((each, source) => ({ output: each.output, target: each.target, source }));
  const [labelled = 0] = [...named].filter(([, { loss }]) => loss !== 'distillation' && loss !== 'none').map(([place]) => place);
  if (isUnlabelled(network, target)) return [];
  return [{ output: labelled, target, source: 0 }];
}

/** Data without labels are an autoencoder's where the model gives back something of the size of its inputs. */
function isUnlabelled(network: Network, target: OutputTarget): boolean {
  if (target.kind !== 'regression' || target.isImplied !== true) return false;
  const [first, ...others] = outputsOf(network);
  return others.length > 0 || first === undefined || elements(first.shape) !== target.size;
}

/** Those of the recipe; without it those with labels, or without labels all. */
function learnedPlaces(
  network: Network,
  labelled: readonly LabelledOutput[],
  named: ReadonlyMap<number, OutputOptions>,
): readonly number[] {
  const wanted = [...named].filter(([, { loss }]) => loss !== 'none').map(([place]) => place);
  if (wanted.length > 0) return wanted;
  const places = labelled.length > 0 ? labelled.map(({ output }) => output) : network.outputs.map((_, place) => place);
  return places.filter((place) => named.get(place)?.loss !== 'none');
}

function checkSplits({ train, validation, test }: DataSplits): void {
  const isLabelled = ({ target }: DataSet): boolean => target.kind !== 'regression' || target.isImplied !== true;
  const splits = [train, validation, test].filter(({ size }) => size > 0);
  const [with_, without] = [splits.find(isLabelled), splits.find((split) => !isLabelled(split))];
  if (with_ !== undefined && without !== undefined)
    throw new EspalierError('invalid-data', `the ${with_.name} examples have labels, the ${without.name} examples have none`, {
      where: 'data',
      fix: 'name the labels of both, or of neither: then every stage learns the outputs of the trained model',
    });
}

function measureFor(name: string, target: OutputTarget, given: QualityId | undefined): QualityId {
  const allowed = measuresOf(target);
  const [usual] = allowed;
  if (given === undefined || allowed.includes(given)) return given ?? usual;
  throw new EspalierError('invalid-recipe', `the measure "${given}" does not fit ${describe(target)}`, {
    where: `outputs.${name}.measure`,
    fix: `it has ${allowed.map((measure) => `"${measure}"`).join(', ')}`,
  });
}

function lossFor(network: Network, output: number, target: OutputTarget, given: OutputOptions['loss']): LossKind {
  const id = network.outputs[output] ?? '';
  const { classes } = classAxis(network.values.get(id)?.shape ?? [], target);
  const allowed = lossesOf(target, classes);
  if (given !== undefined && given !== 'distillation' && given !== 'none') {
    if (allowed.includes(given)) return given;
    throw new EspalierError('invalid-recipe', `the loss "${given}" does not fit ${describe(target)}`, {
      where: `outputs.${outputName(network, output)}.loss`,
      fix: `it has ${allowed.map((loss) => `"${loss}"`).join(', ')}`,
    });
  }
  if (target.kind !== 'teacher') return allowed[0] ?? 'meanSquaredError';
  switch (finalActivation(network, id)) {
    case 'softmax':
    case 'logSoftmax':
      return classes > 1 ? 'crossEntropy' : 'meanSquaredError';
    case 'sigmoid':
      return 'binaryCrossEntropy';
    default:
      return 'meanSquaredError';
  }
}

/** The usual one first. */
function lossesOf(target: OutputTarget, classes: number): readonly LossKind[] {
  switch (target.kind) {
    case 'classes':
    case 'classMap':
      // One output decides between two classes.
      return classes === 1 ? ['binaryCrossEntropy', 'meanSquaredError'] : ['crossEntropy', 'binaryCrossEntropy', 'meanSquaredError'];
    case 'multiLabel':
      return ['binaryCrossEntropy', 'meanSquaredError'];
    case 'regression':
      return ['meanSquaredError', 'meanAbsoluteError', 'binaryCrossEntropy'];
    case 'teacher':
      return ['meanSquaredError', 'meanAbsoluteError', 'binaryCrossEntropy', 'crossEntropy'];
  }
}

function describe(target: OutputTarget): string {
  switch (target.kind) {
    case 'classes':
      return 'an output whose labels are classes';
    case 'classMap':
      return 'an output whose labels are masks';
    case 'multiLabel':
      return 'an output whose labels are several classes an example';
    case 'regression':
      return 'an output whose labels are numbers';
    case 'teacher':
      return "an output that learns the trained model's";
  }
}

function planWarnings(outputs: readonly PlannedOutput[]): readonly string[] {
  const learned = outputs.filter(({ target }) => target.kind === 'teacher');
  if (learned.length === 0) return [];
  const names = learned.map(({ name }) => `"${name}"`).join(', ');
  return [
    outputs.length === learned.length
      ? `there are no labels, so every stage learns what the trained model gives for the examples (${names}), and is measured by how far it agrees with it`
      : `${names} ${learned.length === 1 ? 'learns' : 'learn'} what the trained model gives, and ${learned.length === 1 ? 'is' : 'are'} measured by how far it agrees`,
  ];
}
