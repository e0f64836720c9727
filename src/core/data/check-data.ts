import type { Accuracy } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';
import type { ModelInterface, ModelTensor } from '../network/model-interface.ts';
import type { Network } from '../network/network.ts';
import { checkOutputs } from './check-outputs.ts';
import type { DataSet } from './dataset.ts';
import { describeInputs, inputsOf, outputsOf } from './inputs/model-inputs.ts';
import { spreadIndices } from './spread-indices.ts';

const examplesRead = 256;

/**
 * Checks a model against its data before any work is done.
 *
 * @returns warnings for the user
 * @throws EspalierError where the two cannot go together: another input shape, more classes than outputs
 */
export async function checkData(network: Network, data: DataSet): Promise<readonly string[]> {
  return checkInterface({ inputs: inputsOf(network), outputs: outputsOf(network) }, data);
}

/** `checkData` for a model that is a file to run rather than a network. */
export async function checkInterface({ inputs, outputs }: ModelInterface, data: DataSet): Promise<readonly string[]> {
  checkInputShapes(inputs, data);
  return [...checkOutputs(outputs, data), ...(await valueWarnings(data))];
}

/**
 * Checks the inputs only: examples that calibrate need no labels.
 *
 * @throws EspalierError for data of another input shape
 */
export async function checkInputs(network: Network, data: DataSet): Promise<readonly string[]> {
  checkInputShapes(inputsOf(network), data);
  return valueWarnings(data);
}

function checkInputShapes(inputs: readonly ModelTensor[], data: DataSet): void {
  if (inputs.map(({ shape }) => count(shape)).join() === data.inputShapes.map(count).join()) return;
  const shapes = data.inputShapes.map((shape) => `[${shape.join(', ')}]`).join(', ');
  throw new EspalierError('invalid-data', `the data are ${shapes}, but the model takes ${describeInputs(inputs)}`, {
    where: data.name,
    fix: 'use the data that the model was trained on, or set "preprocessing"',
  });
}

async function valueWarnings(data: DataSet): Promise<readonly string[]> {
  if (data.size === 0) return [];
  const { minimum, maximum, finite } = await valueRange(data);
  if (!finite) return ['the data hold values that are not finite: check the files and "preprocessing"'];
  return minimum === maximum ? [`every value of the first examples is ${minimum}: check the files and "preprocessing"`] : [];
}

/** Of examples spread over the set. */
export async function valueRange(data: DataSet): Promise<{ readonly minimum: number; readonly maximum: number; readonly finite: boolean }> {
  const { inputs } = await data.read(spreadIndices(data.size, Math.min(examplesRead, data.size)));
  let [minimum, maximum, finite] = [Infinity, -Infinity, true];
  for (const values of inputs) {
    for (const value of values) {
      minimum = Math.min(minimum, value);
      maximum = Math.max(maximum, value);
      finite &&= Number.isFinite(value);
    }
  }
  return { minimum, maximum, finite };
}

/**
 * Warns about a model that is hardly better than guessing: nearly always its data are scaled differently than in its
 * training.
 *
 * @returns a warning, or undefined when the model's accuracy is clear of chance
 */
export async function chanceWarning(accuracy: Accuracy, data: DataSet): Promise<string | undefined> {
  if (data.target.kind !== 'classes' || accuracy.top1 === undefined || accuracy.samples === 0) return undefined;
  const chance = 1 / data.target.classes;
  // Three standard errors above chance, and at least one and a half times chance.
  const limit = Math.max(chance + 3 * Math.sqrt((chance * (1 - chance)) / accuracy.samples), 1.5 * chance);
  if (accuracy.top1 > limit) return undefined;
  const { minimum, maximum } = await valueRange(data);
  const advice =
    minimum >= 0 && maximum <= 1
      ? 'the model may want raw pixels (0..255: set "preprocessing.scale" to 1) or -1..1 ("scale": 0.00784313725490196, "offset": -1)'
      : minimum >= 0 && maximum > 16
        ? 'the model may want pixels over 255 (set "preprocessing.scale" to 0.00392156862745098)'
        : 'check "preprocessing" against how the model was trained, and the order of the classes';
  return `the model scores ${(100 * accuracy.top1).toFixed(1)}% where guessing scores ${(100 * chance).toFixed(1)}%; it sees values from ${minimum.toPrecision(3)} to ${maximum.toPrecision(3)}: ${advice}`;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
