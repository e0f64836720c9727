/** Accuracy against compressed size: which nodes are worth shipping. */
import type { ModelState } from '../run-state.ts';

export interface TradeOffPoint {
  readonly node: string;
  readonly title: string;
  readonly leaf: boolean;
  /** gzip -9, in bytes. */
  readonly bytes: number;
  /** Fraction; of the deployed file where it was measured, else of the training engine. */
  readonly accuracy: number;
}

export function tradeOffPoints(model: ModelState): readonly TradeOffPoint[] {
  return [...model.nodes.values()].flatMap(({ node, metrics }) => {
    const accuracy = metrics?.deployed?.top1 ?? metrics?.simulated?.top1;
    const bytes = metrics?.sizes?.gzip;
    return accuracy === undefined || bytes === undefined ? [] : [{ node: node.id, title: node.title, leaf: node.leaf, bytes, accuracy }];
  });
}

/** The points that no other point beats in both respects, from the smallest to the largest. */
export function paretoFront(points: readonly TradeOffPoint[]): readonly TradeOffPoint[] {
  const front: TradeOffPoint[] = [];
  for (const point of points.toSorted((a, b) => a.bytes - b.bytes || b.accuracy - a.accuracy)) {
    const best = front.at(-1);
    if (best === undefined || point.accuracy > best.accuracy) front.push(point);
  }
  return front;
}

export interface TradeOffAxes {
  readonly mostBytes: number;
  readonly leastAccuracy: number;
  readonly mostAccuracy: number;
}

/** Room for every point and target, with round limits; accuracies never beyond 0 and 1. */
export function tradeOffAxes(
  points: readonly TradeOffPoint[],
  targets: { readonly accuracy: number | undefined; readonly bytes: number | undefined },
): TradeOffAxes {
  const accuracies = [...points.map((point) => point.accuracy), ...(targets.accuracy === undefined ? [] : [targets.accuracy])];
  const bytes = [...points.map((point) => point.bytes), ...(targets.bytes === undefined ? [] : [targets.bytes])];
  const least = Math.min(1, ...accuracies);
  const most = Math.max(0, ...accuracies);
  // At least so much that the labels, in tenths of a percent, differ.
  const step = roundStep(Math.max(0.0025, (most - least) / 4));
  return {
    mostBytes: roundUp(Math.max(1, ...bytes) * 1.02, roundStep(Math.max(1, ...bytes) / 5)),
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
