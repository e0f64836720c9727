/**
 * What is probably wrong between a trained model and its data, found by scoring the model on other readings of them:
 * pixels in another range, inverted pixels, classes in another order, labels that belong to other examples.
 */
import type { Accuracy } from '../../shared/results.ts';
import { formatPercent } from '../../shared/drawing/format.ts';
import { valueRange } from '../data/check-data.ts';
import type { DataSet } from '../data/dataset.ts';
import { normalisationNamed } from '../data/preprocessing/named-normalisations.ts';
import { spreadSample } from '../data/spread-sample.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network } from '../network/network.ts';
import { evaluateNetwork } from './evaluate-network.ts';

/** Examples scored for each reading: a tenth of an accuracy shows, and the work stays below that of a usual test set. */
const MOST_EXAMPLES = 256;
const LEAST_EXAMPLES = 32;

const imageNet = normalisationNamed('imagenet');

type ValueMap = (value: number, channel: number) => number;

/** A usual range of pixels: how to come to it from 0..1 and back, and what the recipe calls it. */
interface PixelRange {
  readonly title: string;
  readonly preprocessing: string;
  readonly fromUnit: ValueMap;
  readonly toUnit: ValueMap;
  /** Whether values from `minimum` to `maximum` look like this range. */
  readonly fits: (minimum: number, maximum: number) => boolean;
  /** Channels that the range is defined for; any where it is undefined. */
  readonly channels?: number;
}

const ranges: readonly PixelRange[] = [
  {
    title: '0 to 1',
    preprocessing: '{ "scale": 0.00392156862745098 }',
    fromUnit: (value) => value,
    toUnit: (value) => value,
    fits: (minimum, maximum) => minimum >= 0 && maximum <= 1,
  },
  {
    title: '-1 to 1',
    preprocessing: '{ "scale": 0.00784313725490196, "offset": -1 }',
    fromUnit: (value) => 2 * value - 1,
    toUnit: (value) => (value + 1) / 2,
    fits: (minimum, maximum) => minimum < -0.5 && minimum >= -1.001 && maximum <= 1.001,
  },
  {
    title: '0 to 255',
    preprocessing: '{ "scale": 1 }',
    fromUnit: (value) => 255 * value,
    toUnit: (value) => value / 255,
    fits: (minimum, maximum) => minimum >= 0 && maximum > 16 && maximum <= 255,
  },
  {
    title: 'normalised with the mean and deviation of ImageNet',
    preprocessing: '{ "normalise": "imagenet" }',
    fromUnit: (value, channel) => (value - (imageNet.mean[channel] ?? 0)) / (imageNet.standardDeviation[channel] ?? 1),
    toUnit: (value, channel) => value * (imageNet.standardDeviation[channel] ?? 1) + (imageNet.mean[channel] ?? 0),
    fits: (minimum, maximum) => minimum < -1.001 && minimum >= -2.2 && maximum <= 2.7,
    channels: 3,
  },
];

export interface BaselineExamination {
  readonly engine: Engine;
  readonly network: Network;
  readonly train: DataSet;
  /** Of the baseline on the test examples. */
  readonly accuracy: Accuracy;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Warnings of a classifier's baseline, each with what to do. It scores training examples only, so that nothing is
 * chosen on test examples.
 */
export async function examineBaseline({ engine, network, train, accuracy, signal }: BaselineExamination): Promise<readonly string[]> {
  const { target } = train;
  if (target.kind !== 'classes' || accuracy.top1 === undefined || train.size < LEAST_EXAMPLES) return [];
  const sample = spreadSample(train, MOST_EXAMPLES);
  const score = async (data: DataSet): Promise<number> => (await evaluateNetwork({ engine, network, data, signal })).top1 ?? 0;
  const current = await score(sample);
  const range = await rangeWarning(sample, current, score);
  if (range !== undefined) return [range];
  const fit = labelWarning(accuracy, accuracy.top1, target.classes);
  if (fit !== undefined) return [fit];
  return isClearlyMore(accuracy.top1, current, sample.size) && accuracy.top1 - current > 0.15
    ? [
        `the baseline scores ${formatPercent(accuracy.top1, 1)} of the test examples and ${formatPercent(current, 1)} of ${sample.size} training examples: the labels of the training examples may belong to other examples; check their order and their file`,
      ]
    : [];
}

/** More by more than chance: three standard errors, and at least two points. */
function isClearlyMore(share: number, than: number, samples: number): boolean {
  return share - than > Math.max(0.02, 3 * Math.sqrt((than * (1 - than) + share * (1 - share)) / samples));
}

async function rangeWarning(sample: DataSet, current: number, score: (data: DataSet) => Promise<number>): Promise<string | undefined> {
  const { size, inputShapes } = sample;
  const channels = inputShapes[0]?.[2];
  if (inputShapes.length !== 1 || inputShapes[0]?.length !== 3 || (channels !== 1 && channels !== 3)) return undefined;
  const usable = ranges.filter((range) => range.channels === undefined || range.channels === channels);
  const { minimum, maximum } = await valueRange(sample);
  const own = usable.find(({ fits }) => fits(minimum, maximum));
  if (own === undefined) return undefined;
  const readings = [
    ...usable
      .filter((range) => range !== own)
      .map(({ title, preprocessing, fromUnit }) => ({
        name: `pixels of ${title}`,
        advice: `set "preprocessing": ${preprocessing}`,
        map: (value: number, channel: number) => fromUnit(own.toUnit(value, channel), channel),
      })),
    {
      name: 'inverted pixels (dark for bright)',
      advice: `the model was probably trained on inverted images: invert the files, or set a negative "scale" and an "offset" in "preprocessing"`,
      map: (value: number, channel: number) => own.fromUnit(1 - own.toUnit(value, channel), channel),
    },
  ];
  let best: { readonly share: number; readonly text: string } | undefined;
  for (const { name, advice, map } of readings) {
    const share = await score(mapped(sample, map));
    if (isClearlyMore(share, current, size) && share > (best?.share ?? 0))
      best = {
        share,
        text: `the baseline scores ${formatPercent(current, 1)} of ${size} training examples, and ${formatPercent(share, 1)} with ${name} (now: ${own.title}): ${advice}`,
      };
  }
  return best?.text;
}

/** Classes in another order are a confusion matrix with a clear permutation; shuffled labels one with no pattern. */
function labelWarning({ confusion, samples }: Accuracy, top1: number, classes: number): string | undefined {
  if (confusion === undefined || samples < 10 * classes) return undefined;
  const order = likelyOrder(confusion);
  const ordered = order.reduce((sum, predicted, label) => sum + (confusion[label]?.[predicted] ?? 0), 0) / samples;
  if (ordered > 0.5 && ordered - top1 > 0.2) {
    const moved = order.flatMap((predicted, label) => (predicted === label ? [] : [`${label} is the model's ${predicted}`]));
    return `the baseline scores ${formatPercent(top1, 1)} of the test examples, and ${formatPercent(ordered, 1)} with the classes in another order (${moved.slice(0, 5).join(', ')}${moved.length > 5 ? ', …' : ''}): give the classes in the order of the model's training`;
  }
  const labels = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const predictions = Array.from({ length: classes }, (_, predicted) => confusion.reduce((sum, row) => sum + (row[predicted] ?? 0), 0));
  // Of predictions and labels that have nothing to do with each other.
  const chance = labels.reduce((sum, count, label) => sum + (count / samples) * ((predictions[label] ?? 0) / samples), 0);
  if (top1 > chance + Math.max(0.05, 3 * Math.sqrt((chance * (1 - chance)) / samples))) return undefined;
  // Data in a wrong range make a model choose few classes. One that uses them as they occur sees what it knows.
  const spread = entropy(labels, samples);
  return spread > 0.5 * Math.log(classes) && entropy(predictions, samples) > 0.9 * spread
    ? `the baseline chooses the classes about as often as they occur and is right in ${formatPercent(top1, 1)}, as guessing is: the labels may belong to other examples; check that labels and examples are in the same order`
    : undefined;
}

function entropy(counts: readonly number[], samples: number): number {
  return counts.reduce((sum, count) => sum - (count === 0 ? 0 : (count / samples) * Math.log(count / samples)), 0);
}

/** For each label the class that the model most likely has for it: the largest counts first, each class once. */
function likelyOrder(confusion: readonly (readonly number[])[]): readonly number[] {
  const cells = confusion
    .flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count })))
    .sort((a, b) => b.count - a.count);
  const order = new Map<number, number>();
  const taken = new Set<number>();
  for (const { label, predicted } of cells) {
    if (order.has(label) || taken.has(predicted)) continue;
    order.set(label, predicted);
    taken.add(predicted);
  }
  return confusion.map((_, label) => order.get(label) ?? label);
}

/** The set with the values of its inputs mapped channel by channel. */
function mapped(data: DataSet, map: ValueMap): DataSet {
  const channels = data.inputShapes[0]?.at(-1) ?? 1;
  return {
    ...data,
    read: async (indices) => {
      const batch = await data.read(indices);
      return { ...batch, inputs: batch.inputs.map((values) => values.map((v, i) => map(v, i % channels))) };
    },
  };
}
