/**
 * The table of what says how well a model does its task: one row each. The row `accuracy` of `shared/measures.ts` stands for
 * the one that the task has. Accuracy is top-1; segmentation has mean IoU, several labels mAP, numbers their error, and outputs that are learned from
 * the trained model the agreement with it.
 */
import { formatDecibels, formatNumber, formatPercent, formatShare } from './drawing/format.ts';
import type { Accuracy, QualityFigures, QualityId } from './results.ts';

export interface QualityRow {
  /** In axes and comparisons: whatever the precision. */
  readonly title: string;
  /** Of the file to deploy; translated. */
  readonly int8Title: string;
  /** Of the network before quantization, or with fake quantization; translated. */
  readonly simulatedTitle: string;
  readonly short: string;
  readonly description: string;
  /** Column of CSV files, after `deployed_` or `simulated_`. */
  readonly column: string;
  readonly unit: 'fraction' | 'number' | 'decibels';
  readonly better: 'lower' | 'higher';
  readonly value: (figures: QualityFigures) => number | undefined;
  /**
   * What `targets.accuracyDrop` limits: the difference to the trained model (0.01 is a point), the increase as a part of
   * the trained model's error, or what is missing to the trained model's own outputs.
   */
  readonly loss: 'difference' | 'increase' | 'disagreement';
  /** The name of that loss; translated. */
  readonly lossName: string;
  /** Whether it is a share of independent examples, which has Wilson's interval. */
  readonly isProportion?: true;
}

const measured = 'Measured by running the bytes of the .tflite';

export const qualityTable: Readonly<Record<QualityId, QualityRow>> = {
  accuracy: {
    title: 'top-1',
    int8Title: 'INT8 top-1',
    simulatedTitle: 'fp32 / fake-int8 top-1',
    short: 'INT8 (LiteRT)',
    description: measured,
    column: 'top1',
    unit: 'fraction',
    better: 'higher',
    value: ({ top1 }) => top1,
    loss: 'difference',
    lossName: 'accuracy drop',
    isProportion: true,
  },
  mIoU: {
    title: 'mean IoU',
    int8Title: 'INT8 mean IoU',
    simulatedTitle: 'fp32 / fake-int8 mean IoU',
    short: 'INT8 mIoU',
    description: measured,
    column: 'mean_iou',
    unit: 'fraction',
    better: 'higher',
    value: ({ meanIoU }) => meanIoU,
    loss: 'difference',
    lossName: 'drop of mean IoU',
  },
  mAP: {
    title: 'mAP',
    int8Title: 'INT8 mAP',
    simulatedTitle: 'fp32 / fake-int8 mAP',
    short: 'INT8 mAP',
    description: measured,
    column: 'map',
    unit: 'fraction',
    better: 'higher',
    value: ({ meanAveragePrecision }) => meanAveragePrecision,
    loss: 'difference',
    lossName: 'drop of mAP',
  },
  rocAuc: {
    title: 'ROC AUC',
    int8Title: 'INT8 ROC AUC',
    simulatedTitle: 'fp32 / fake-int8 ROC AUC',
    short: 'INT8 ROC AUC',
    description: measured,
    column: 'roc_auc',
    unit: 'fraction',
    better: 'higher',
    value: ({ rocAuc }) => rocAuc,
    loss: 'difference',
    lossName: 'drop of ROC AUC',
  },
  MSE: {
    title: 'mean squared error',
    int8Title: 'INT8 mean squared error',
    simulatedTitle: 'fp32 / fake-int8 mean squared error',
    short: 'INT8 MSE',
    description: measured,
    column: 'mse',
    unit: 'number',
    better: 'lower',
    value: ({ meanSquaredError }) => meanSquaredError,
    loss: 'increase',
    lossName: 'increase of the mean squared error',
  },
  MAE: {
    title: 'mean absolute error',
    int8Title: 'INT8 mean absolute error',
    simulatedTitle: 'fp32 / fake-int8 mean absolute error',
    short: 'INT8 MAE',
    description: measured,
    column: 'mae',
    unit: 'number',
    better: 'lower',
    value: ({ meanAbsoluteError }) => meanAbsoluteError,
    loss: 'increase',
    lossName: 'increase of the mean absolute error',
  },
  R2: {
    title: 'R²',
    int8Title: 'INT8 R²',
    simulatedTitle: 'fp32 / fake-int8 R²',
    short: 'INT8 R²',
    description: measured,
    column: 'r2',
    unit: 'number',
    better: 'higher',
    value: ({ rSquared }) => rSquared,
    loss: 'difference',
    lossName: 'drop of R²',
  },
  cosine: {
    title: 'cosine to the trained model',
    int8Title: 'INT8 cosine',
    simulatedTitle: 'fp32 / fake-int8 cosine',
    short: 'INT8 cosine',
    description: 'Cosine similarity of the outputs to those of the trained model, by running the bytes of the .tflite',
    column: 'cosine',
    unit: 'number',
    better: 'higher',
    value: ({ cosine }) => cosine,
    loss: 'disagreement',
    lossName: 'disagreement with the trained model',
  },
  SQNR: {
    title: 'SQNR',
    int8Title: 'INT8 SQNR',
    simulatedTitle: 'fp32 / fake-int8 SQNR',
    short: 'INT8 SQNR',
    description: "Power of the trained model's outputs over that of the difference, by running the bytes of the .tflite",
    column: 'sqnr_db',
    unit: 'decibels',
    better: 'higher',
    value: ({ sqnr }) => sqnr,
    loss: 'disagreement',
    lossName: 'disagreement with the trained model',
  },
};

export const qualityIds: readonly QualityId[] = Object.keys(qualityTable).filter(isQuality);

export function isQuality(id: string): id is QualityId {
  return Object.hasOwn(qualityTable, id);
}

/** The measure of the task. */
export function qualityOfAccuracy(accuracy: Accuracy | undefined): QualityId {
  if (accuracy?.measure !== undefined) return accuracy.measure;
  return accuracy?.top1 === undefined && accuracy?.meanSquaredError !== undefined ? 'MSE' : 'accuracy';
}

/** The figure of the task's measure. */
export function qualityValue(accuracy: Accuracy | undefined): number | undefined {
  return accuracy && qualityTable[qualityOfAccuracy(accuracy)].value(accuracy);
}

/**
 * What a file has lost against the trained model, as `targets.accuracyDrop` limits it; of several outputs the largest.
 * Undefined where one of the two was not measured.
 *
 * @example qualityLoss(baseline, { measure: 'MSE', meanSquaredError: 1.1, … }) // 0.1 where the baseline's is 1
 */
export function qualityLoss(before: Accuracy | undefined, after: Accuracy | undefined): number | undefined {
  return largestLoss(before, after).loss;
}

/** With the measure of the output that has lost most. */
export function largestLoss(
  before: Accuracy | undefined,
  after: Accuracy | undefined,
): { readonly measure: QualityId; readonly loss: number | undefined } {
  const measure = qualityOfAccuracy(after);
  if (after?.outputs === undefined) return { measure, loss: lossOf(measure, before, after) };
  const losses = after.outputs.map((output) => ({
    measure: output.measure,
    loss: lossOf(
      output.measure,
      before?.outputs?.find(({ name }) => name === output.name),
      output,
    ),
  }));
  return losses.reduce((most, each) => (most.loss === undefined || (each.loss !== undefined && each.loss <= most.loss) ? most : each));
}

function lossOf(id: QualityId, before: QualityFigures | undefined, after: QualityFigures | undefined): number | undefined {
  const { value, loss, better } = qualityTable[id];
  const [first, last] = [before && value(before), after && value(after)];
  switch (loss) {
    case 'difference':
      return first === undefined || last === undefined ? undefined : better === 'higher' ? first - last : last - first;
    case 'increase':
      return first === undefined || last === undefined || first <= 0 ? undefined : (last - first) / first;
    case 'disagreement':
      return disagreement(id, after, last);
  }
}

/** Of a cosine what is missing to 1; of an SQNR the root of the error's part of the power, 0 where there is no error. */
function disagreement(id: QualityId, figures: QualityFigures | undefined, value: number | undefined): number | undefined {
  if (id === 'cosine') return value === undefined ? undefined : 1 - value;
  if (value !== undefined) return 10 ** (-value / 20);
  return figures?.cosine === undefined ? undefined : 0;
}

/**
 * The worst figure that still meets `targets.accuracyDrop`, for plots. Undefined without a target or a trained model.
 *
 * @param before the trained model's in float
 */
export function worstQuality(id: QualityId, before: number | undefined, drop: number | undefined): number | undefined {
  if (drop === undefined) return undefined;
  const { loss, better } = qualityTable[id];
  if (loss === 'disagreement') return id === 'cosine' ? 1 - drop : -20 * Math.log10(Math.max(drop, 1e-12));
  if (before === undefined) return undefined;
  if (loss === 'increase') return before * (1 + drop);
  return better === 'higher' ? before - drop : before + drop;
}

/** A figure in its unit. */
export function formatQuality(id: QualityId, value: number | undefined, digits = 2): string {
  switch (qualityTable[id].unit) {
    case 'fraction':
      return formatPercent(value, digits);
    case 'number':
      // Cosines differ in digits that four would round away.
      return id === 'cosine' && value !== undefined && value !== 1 ? value.toFixed(5) : formatNumber(value);
    case 'decibels':
      return formatDecibels(value);
  }
}

/** For the ticks of an axis, where fractions have as many decimals as they need. */
export function formatTick(id: QualityId, value: number): string {
  return qualityTable[id].unit === 'fraction' ? formatShare(value) : formatQuality(id, value);
}

/** Every figure that an output has: `top-1 98.12%, ROC AUC 99.3%`. */
export function describeFigures(figures: QualityFigures): readonly string[] {
  return qualityIds.flatMap((id) => {
    const value = qualityTable[id].value(figures);
    return value === undefined ? [] : [`${qualityTable[id].title} ${formatQuality(id, value)}`];
  });
}

/** A loss as `qualityLoss` gives it: points of a fraction, a part of an error in percent, else the number. */
export function formatLoss(id: QualityId, loss: number): string {
  const { loss: kind, unit } = qualityTable[id];
  if (kind === 'increase') return formatPercent(loss);
  return kind === 'difference' && unit === 'fraction' ? `${(loss * 100).toFixed(2)} points` : loss.toFixed(4);
}
