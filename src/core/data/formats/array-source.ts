import { EspalierError } from '../../errors.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import type { ArrayTarget } from '../spec/array-specs.ts';
import type { ModelTensor } from '../../network/model-interface.ts';
import { type LabelArrays, readLabels } from './output-labels.ts';
import { axisOrder, toChannelsLast } from './channels-last.ts';
import { npyNumbers, type NpyArray } from './npy-array.ts';

export interface LabelledArrays {
  readonly trainInputs: NpyArray | undefined;
  readonly trainLabels: LabelArrays;
  readonly testInputs: NpyArray | undefined;
  readonly testLabels: LabelArrays;
}

/**
 * @param modelShape what the model takes, where one is known
 * @param outputs what it gives, where one is known
 */
export function arraySplits(
  spec: ArrayTarget,
  { trainInputs, trainLabels, testInputs, testLabels }: LabelledArrays,
  modelShape: readonly number[] | undefined,
  outputs: readonly ModelTensor[] | undefined,
  where: string,
): SourceSplits {
  if (trainInputs === undefined) throw new EspalierError('invalid-data', 'it has no training inputs', { where });
  const warnings: string[] = [];
  const open = (name: string, inputs: NpyArray, labels: LabelArrays): ExampleSource =>
    arraySource({ name, spec, inputs, labels, modelShape, outputs, warn: (message) => warnings.push(message) });
  const train = open('train', trainInputs, trainLabels);
  const test = testInputs === undefined ? undefined : open('test', testInputs, testLabels);
  // An autoencoder learns its inputs: labels of the test examples alone tell anomalies.
  if (test !== undefined && spec.task !== 'autoencoder' && (trainLabels === undefined) !== (testLabels === undefined))
    throw new EspalierError(
      'invalid-data',
      `the ${trainLabels === undefined ? 'test' : 'training'} examples have labels, the ${trainLabels === undefined ? 'training' : 'test'} examples have none`,
      { where, fix: 'name "trainLabels" and "testLabels", or neither: then every stage learns the outputs of the trained model' },
    );
  const target =
    test?.target.kind === 'classes' && train.target.kind === 'classes' && test.target.classes > train.target.classes
      ? test.target
      : train.target;
  return { train: { ...train, target }, validation: undefined, test: test === undefined ? undefined : { ...test, target }, warnings };
}

interface ArrayExamples {
  readonly name: string;
  readonly spec: ArrayTarget;
  readonly inputs: NpyArray;
  readonly labels: LabelArrays;
  readonly modelShape: readonly number[] | undefined;
  readonly outputs: readonly ModelTensor[] | undefined;
  readonly warn: (message: string) => void;
}

function arraySource({ name, spec, inputs, labels, modelShape, outputs, warn }: ArrayExamples): ExampleSource {
  const [size = 0, ...stored] = inputs.shape;
  if (inputs.shape.length < 2)
    throw new EspalierError('invalid-data', `its shape is [${inputs.shape.join(', ')}], without an axis for examples`, {
      where: inputs.where,
      fix: 'store examples along the first axis',
    });
  const order = axisOrder(stored, modelShape, inputs.where);
  const shape = order.kind === 'channelsFirst' ? [order.shape[1], order.shape[2], order.shape[0]] : stored;
  if (order.kind === 'channelsFirst' && order.shape[0] > 1)
    warn(`${inputs.where}: its examples [${stored.join(', ')}] have the channels first; they are read as [${shape.join(', ')}]`);
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  // Bytes of two spatial axes are pictures: they get a channel axis and the scale of images.
  const isImage = inputs.type === 'u1' && (shape.length === 2 || (shape.length === 3 && (shape[2] === 1 || shape[2] === 3)));
  const [height = 1, width = 1, channels = 1] = shape;
  const pixels = (index: number): Uint8Array => {
    const bytes = inputs.bytes.read(inputs.offset + index * length, length);
    return order.kind === 'asStored' ? bytes : toChannelsLast(bytes, new Uint8Array(length), order.shape);
  };
  const numbers = (index: number): Float32Array => {
    const read = npyNumbers(inputs, index * length, length);
    return order.kind === 'asStored' ? read : toChannelsLast(read, new Float32Array(length), order.shape);
  };
  return {
    name,
    kind: isImage ? 'image' : 'tensor',
    size,
    shape: isImage ? [height, width, channels] : shape,
    ...readLabels(labels, size, length, { task: spec.task, classCount: spec.classCount, outputs }),
    load: (index): Example =>
      isImage ? { kind: 'image', shape: [height, width, channels], data: pixels(index) } : { kind: 'tensor', shape, data: numbers(index) },
  };
}
