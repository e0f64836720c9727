/** Accuracy against what a file costs: which nodes are worth shipping. */
import { type MeasureId, measureRow, shownAccuracy, sizeMeasure } from '../measures.ts';
import type { ModelState } from '../run-state.ts';

export interface TradeOffPoint {
  readonly node: string;
  readonly title: string;
  readonly leaf: boolean;
  /** In the unit of the measure. */
  readonly cost: number;
  /** Fraction; of the deployed file where it was measured, else of the training engine. */
  readonly accuracy: number;
}

export function tradeOffPoints(model: ModelState, measure: MeasureId = sizeMeasure): readonly TradeOffPoint[] {
  return [...model.nodes.values()].flatMap(({ node, metrics }) => {
    const accuracy = shownAccuracy(metrics);
    const cost = metrics && measureRow(measure).value(metrics);
    return accuracy === undefined || cost === undefined ? [] : [{ node: node.id, title: node.title, leaf: node.leaf, cost, accuracy }];
  });
}

/** The points that no other point beats in both respects, from the smallest to the largest. */
export function paretoFront(points: readonly TradeOffPoint[]): readonly TradeOffPoint[] {
  const front: TradeOffPoint[] = [];
  for (const point of points.toSorted((a, b) => a.cost - b.cost || b.accuracy - a.accuracy)) {
    const best = front.at(-1);
    if (best === undefined || point.accuracy > best.accuracy) front.push(point);
  }
  return front;
}

export interface TradeOffAxes {
  readonly mostCost: number;
  readonly leastAccuracy: number;
  readonly mostAccuracy: number;
}

/** Room for every point and target, with round limits; accuracies never beyond 0 and 1. */
export function tradeOffAxes(
  points: readonly TradeOffPoint[],
  targets: { readonly accuracy: number | undefined; readonly cost: number | undefined },
): TradeOffAxes {
  const accuracies = [...points.map((point) => point.accuracy), ...(targets.accuracy === undefined ? [] : [targets.accuracy])];
  const costs = [...points.map((point) => point.cost), ...(targets.cost === undefined ? [] : [targets.cost])];
  const least = Math.min(1, ...accuracies);
  const most = Math.max(0, ...accuracies);
  // At least so much that the labels, in tenths of a percent, differ.
  const step = roundStep(Math.max(0.0025, (most - least) / 4));
  return {
    mostCost: roundUp(Math.max(1, ...costs) * 1.02, roundStep(Math.max(1, ...costs) / 5)),
    leastAccuracy: Math.max(0, -roundUp(-(least - step / 4), step)),
    mostAccuracy: Math.min(1, roundUp(most + step / 4, step)),
  };
}

/** 1, 2 or 5 times a power of ten, at least the given step. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, 1e-4)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10) * power;
}

function roundUp(value: number, step: number): number {
  // Without the rounding, 0.98 becomes 0.9800000000000001.
  return Number((Math.ceil(value / step - 1e-9) * step).toPrecision(12));
}
