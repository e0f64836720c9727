/** The figures of a node's measures as panel, sidebar, terminal and reports show them: with units, signs and the accuracy that its task is measured by. */
import { formatBytes, formatChange, formatCount, formatMilliseconds, formatPercent, missing } from './drawing/format.ts';
import { type MeasureId, measureTable, type MeasureUnit, sizeMeasure } from './measures.ts';
import { formatQuality, qualityOfAccuracy, type QualityRow, qualityTable, qualityValue } from './qualities.ts';
import type { NodeMetrics, QualityId } from './results.ts';

/** Smallest first; files without the figure last. */
export function bySize(a: NodeMetrics | undefined, b: NodeMetrics | undefined): number {
  const size = (metrics: NodeMetrics | undefined): number => (metrics && measureTable[sizeMeasure].value(metrics)) ?? Number.MAX_VALUE;
  return size(a) - size(b);
}

/** The accuracy that a node shows: of its file where that was measured, else of the training engine. */
export function shownAccuracy(metrics: NodeMetrics | undefined): number | undefined {
  return metrics === undefined ? undefined : (measureTable.accuracy.value(metrics) ?? qualityValue(metrics.simulated));
}

/** The figure of a node with its unit. */
export function shownMeasure(id: MeasureId, metrics: NodeMetrics | undefined): string {
  const value = metrics && measureTable[id].value(metrics);
  return id === 'accuracy' ? formatQuality(qualityOf(metrics), value) : formatMeasure(id, value);
}

/** The measure of the node's task, by which its accuracy is meant everywhere. */
export function qualityOf(metrics: NodeMetrics | undefined): QualityId {
  return qualityOfAccuracy(metrics?.deployed ?? metrics?.simulated);
}

export function qualityRow(metrics: NodeMetrics | undefined): QualityRow {
  return qualityTable[qualityOf(metrics)];
}

/** Title of a column or figure, which for the accuracy is that of the task's measure. */
export function shownTitle(id: MeasureId, metrics: NodeMetrics | undefined): string {
  return id === 'accuracy' ? qualityRow(metrics).int8Title : measureTable[id].title;
}

/** The accuracy that a node shows, in its unit. */
export function shownQuality(metrics: NodeMetrics | undefined, digits = 2): string {
  return formatQuality(qualityOf(metrics), shownAccuracy(metrics), digits);
}

/** Before quantization, or of a quantized node with fake quantization. */
export function simulatedQuality(metrics: NodeMetrics | undefined): string {
  return formatQuality(qualityOf(metrics), qualityValue(metrics?.simulated));
}

/** Against the trained model in float, with a sign: points of a fraction, else the difference itself. */
export function qualityChange(baseline: NodeMetrics | undefined, metrics: NodeMetrics | undefined): string {
  return accuracyChange(floatAccuracy(baseline), shownAccuracy(metrics), qualityOf(metrics));
}

/** Between two accuracies as they are shown. */
export function accuracyChange(before: number | undefined, after: number | undefined, quality: QualityId): string {
  if (before === undefined || after === undefined) return missing;
  const change = after - before;
  if (qualityTable[quality].unit === 'fraction') return formatChange(change);
  return `${change < 0 ? '−' : '+'}${formatQuality(quality, Math.abs(change))}`;
}

/** The accuracy that losses are measured against: the trained model in float. */
export function floatAccuracy(baseline: NodeMetrics | undefined): number | undefined {
  return qualityValue(baseline?.simulated) ?? qualityValue(baseline?.deployed);
}

/** `98.12% · 7.1 kB`: what lists and trees show of a node. */
export function briefFigures(metrics: NodeMetrics): string {
  return `${shownQuality(metrics)} · ${shownMeasure(sizeMeasure, metrics)}`;
}

/** The figure of a measure with its unit. */
export function formatMeasure(id: MeasureId, value: number | undefined): string {
  const { unit, certainty } = measureTable[id];
  return value === undefined ? missing : `${certainty === 'estimate' ? '≈ ' : ''}${formatUnit(unit, value)}`;
}

export function formatUnit(unit: MeasureUnit, value: number | undefined): string {
  switch (unit) {
    case 'fraction':
      return formatPercent(value);
    case 'bytes':
      return formatBytes(value);
    case 'milliseconds':
      return formatMilliseconds(value);
    case 'count':
      return value === undefined ? missing : formatCount(value);
  }
}
