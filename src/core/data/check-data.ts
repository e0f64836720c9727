import type { Accuracy } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import type { DataSet } from './dataset.ts';

const examplesRead = 256;

/**
 * Compares a model with its data before any work is done.
 *
 * @returns warnings for people
 * @throws EspalierError where the two cannot go together: another input shape, more classes than outputs
 */
export async function checkData(network: Network, data: DataSet): Promise<readonly string[]> {
  const [inputId = ''] = network.inputs;
  const [outputId = ''] = network.outputs;
  const input = network.values.get(inputId)?.shape ?? [];
  const output = network.values.get(outputId)?.shape ?? [];
  if (network.inputs.length !== 1)
    throw new EspalierError('unsupported-model', `it has ${network.inputs.length} inputs, but a data set feeds one`, {
      where: network.name,
      fix: 'export the part of the model with one input',
    });
  if (count(input) !== count(data.inputShape)) {
    throw new EspalierError('invalid-data', `the data are [${data.inputShape.join(', ')}], but the model takes [${input.join(', ')}]`, {
      where: data.name,
      fix: 'use the data that the model was trained on, or set "preprocessing"',
    });
  }
  return [...outputWarnings(count(output), data), ...(await valueWarnings(data))];
}

function outputWarnings(outputs: number, data: DataSet): readonly string[] {
  const { target } = data;
  if (target.kind === 'regression') {
    if (outputs !== target.size)
      throw new EspalierError('invalid-data', `the model has ${outputs} outputs, but the data have ${target.size} values to predict`, {
        where: data.name,
        fix: 'set "task" in the data spec, or use the data that the model was trained on',
      });
    return [];
  }
  const isBinary = outputs === 1 && target.classes === 2;
  if (outputs < target.classes && !isBinary) {
    throw new EspalierError('invalid-data', `the data have ${target.classes} classes, but the model has ${outputs} outputs`, {
      where: data.name,
      fix: 'choose the classes that the model knows with "classes", in its order',
    });
  }
  return outputs > target.classes
    ? [`the model has ${outputs} outputs, but the data have ${target.classes} classes: check that labels and outputs are in the same order`]
    : [];
}

async function valueWarnings(data: DataSet): Promise<readonly string[]> {
  if (data.size === 0) return [];
  const { minimum, maximum, finite } = await valueRange(data);
  if (!finite) return ['the data hold values that are not finite: check the files and "preprocessing"'];
  return minimum === maximum ? [`every value of the first examples is ${minimum}: check the files and "preprocessing"`] : [];
}

/** Of examples spread over the set. */
export async function valueRange(data: DataSet): Promise<{ readonly minimum: number; readonly maximum: number; readonly finite: boolean }> {
  const read = Math.min(examplesRead, data.size);
  const { inputs } = await data.read(Uint32Array.from({ length: read }, (_, i) => Math.floor((i * data.size) / read)));
  return {
    minimum: inputs.reduce((least, value) => Math.min(least, value), Infinity),
    maximum: inputs.reduce((most, value) => Math.max(most, value), -Infinity),
    finite: inputs.every(Number.isFinite),
  };
}

/**
 * A model that is hardly better than guessing nearly always sees its data on another scale than it was trained on.
 *
 * @returns a warning, or undefined when the float model's accuracy is clear of chance
 */
export async function chanceWarning(accuracy: Accuracy, data: DataSet): Promise<string | undefined> {
  if (data.target.kind !== 'classes' || accuracy.top1 === undefined || accuracy.samples === 0) return undefined;
  const chance = 1 / data.target.classes;
  // Three standard errors of guessing, and at least half as good again as chance.
  const limit = Math.max(chance + 3 * Math.sqrt((chance * (1 - chance)) / accuracy.samples), 1.5 * chance);
  if (accuracy.top1 > limit) return undefined;
  const { minimum, maximum } = await valueRange(data);
  const advice =
    minimum >= 0 && maximum <= 1
      ? 'the model may want raw pixels (0..255: set "preprocessing.scale" to 1) or -1..1 ("scale": 0.00784313725490196, "offset": -1)'
      : maximum > 16
        ? 'the model may want pixels over 255 (set "preprocessing.scale" to 0.00392156862745098)'
        : 'check "preprocessing" against how the model was trained, and the order of the classes';
  return `the float model scores ${(100 * accuracy.top1).toFixed(1)}% where guessing scores ${(100 * chance).toFixed(1)}%; it sees values from ${minimum.toPrecision(3)} to ${maximum.toPrecision(3)}: ${advice}`;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
