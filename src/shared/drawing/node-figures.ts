/** What a node of a run shows of itself, as text and shares that any view can draw. */
import { measureRow, sizeMeasure } from '../measures.ts';
import { floatAccuracy, qualityChange, shownAccuracy, shownMeasure, shownQuality } from '../measure-figures.ts';
import type { ModelState, RunState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import type { DensityPlot } from '../results.ts';

export interface NodeFigures {
  readonly accuracy: string;
  /** Against the trained model in float, in points; empty for that model itself. */
  readonly change: string;
  readonly size: string;
  /** Of the trained model's file, in [0, 1]; undefined where either was not measured. */
  readonly sizeShare: number | undefined;
}

/** Undefined until the node has a result. */
export function nodeFigures(model: ModelState, { node, metrics }: NodeResult): NodeFigures | undefined {
  if (metrics === undefined) return undefined;
  const baseline = model.nodes.get(model.tree.id)?.metrics;
  const accuracy = shownAccuracy(metrics);
  const before = floatAccuracy(baseline);
  const size = measureRow(sizeMeasure).value(metrics);
  const whole = baseline && measureRow(sizeMeasure).value(baseline);
  return {
    accuracy: shownQuality(metrics),
    change: node.id === model.tree.id || accuracy === undefined || before === undefined ? '' : qualityChange(baseline, metrics),
    size: shownMeasure(sizeMeasure, metrics),
    sizeShare: size === undefined || whole === undefined || whole === 0 ? undefined : Math.min(1, size / whole),
  };
}

/** What changes the meaning of a node's figures: kept with its result, or while it runs from the log. */
export function nodeWarnings(run: RunState, model: string, { node, metrics, startedAt }: NodeResult): readonly string[] {
  if (metrics?.warnings !== undefined) return metrics.warnings;
  if (startedAt === undefined) return [];
  const said = run.log.filter(
    (line) => line.level === 'warning' && line.model === model && line.node === node.id && line.time >= startedAt,
  );
  return [...new Set(said.map(({ message }) => message))];
}

/**
 * The histogram of the largest kernel as the data of an SVG path: a filled outline over `width` pixels.
 *
 * @returns empty where there is none
 */
export function densityOutline(densities: readonly DensityPlot[], width: number, height: number): string {
  const largest = densities.toSorted((a, b) => b.elements - a.elements)[0];
  if (largest === undefined || largest.counts.length === 0) return '';
  // Of integers of 4 bits only some bins in the middle are used.
  const [first, last] = [largest.counts.findIndex((count) => count > 0), largest.counts.findLastIndex((count) => count > 0)];
  if (first < 0) return '';
  const bars = binned(largest.counts.slice(first, last + 1), width);
  // Half of the weights may be zero: the square root keeps the others in sight.
  const highest = Math.sqrt(Math.max(1, ...bars));
  const heights = bars.map((count) => Math.round((Math.sqrt(count) / highest) * height * 10) / 10);
  const step = Math.round((width / heights.length) * 100) / 100;
  return `M0 ${height}${heights.map((bar) => `V${Math.round((height - bar) * 10) / 10}h${step}`).join('')}V${height}Z`;
}

/** At most so many bins, each the sum of its neighbours. */
function binned(counts: readonly number[], most: number): readonly number[] {
  const size = Math.ceil(counts.length / most);
  return Array.from({ length: Math.ceil(counts.length / size) }, (_, index) =>
    counts.slice(index * size, (index + 1) * size).reduce((sum, count) => sum + count, 0),
  );
}
