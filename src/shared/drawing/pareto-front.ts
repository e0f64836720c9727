/** Accuracy against what a file costs: which nodes are worth shipping. */
import { type MeasureId, measureRow, sizeMeasure } from '../measures.ts';
import { qualityOf, shownAccuracy } from '../measure-figures.ts';
import { qualityTable } from '../qualities.ts';
import type { QualityId } from '../results.ts';
import type { ModelState } from '../run-state.ts';

export interface TradeOffPoint {
  readonly node: string;
  readonly title: string;
  readonly leaf: boolean;
  /** In the unit of the measure. */
  readonly cost: number;
  /** The measure of the task, in its unit; of the deployed file where it was measured, else of the training engine. */
  readonly accuracy: number;
}

/** The measure of the model's task, which the axis of accuracy shows. */
export function tradeOffQuality(model: ModelState): QualityId {
  return qualityOf([...model.nodes.values()].find(({ metrics }) => metrics !== undefined)?.metrics);
}

export function tradeOffPoints(model: ModelState, measure: MeasureId = sizeMeasure): readonly TradeOffPoint[] {
  return [...model.nodes.values()].flatMap(({ node, metrics }) => {
    const accuracy = shownAccuracy(metrics);
    const cost = metrics && measureRow(measure).value(metrics);
    return accuracy === undefined || cost === undefined ? [] : [{ node: node.id, title: node.title, leaf: node.leaf, cost, accuracy }];
  });
}

/** The points that no other point beats in both respects, from the smallest to the largest. */
export function paretoFront(points: readonly TradeOffPoint[], quality: QualityId = 'accuracy'): readonly TradeOffPoint[] {
  const sign = qualityTable[quality].better === 'higher' ? 1 : -1;
  const front: TradeOffPoint[] = [];
  for (const point of points.toSorted((a, b) => a.cost - b.cost || sign * (b.accuracy - a.accuracy))) {
    const best = front.at(-1);
    if (best === undefined || sign * (point.accuracy - best.accuracy) > 0) front.push(point);
  }
  return front;
}
