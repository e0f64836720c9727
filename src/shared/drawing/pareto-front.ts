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
