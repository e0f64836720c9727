import type { RunState } from '../../shared/run-state.ts';
import { weightTotals } from '../../shared/drawing/result-table.ts';

const columns = [
  'model',
  'node',
  'technique',
  'precision',
  'state',
  'simulated_top1',
  'deployed_top1',
  'samples',
  'raw_bytes',
  'gzip_bytes',
  'zip_bytes',
  'sparsity',
  'unique_values',
  'unique_values_per_channel',
  'latency_ms',
  'training_s',
  'certificate',
] as const;

/** One line a node, plain numbers: fractions, bytes, milliseconds, seconds. */
export function csvReport(state: RunState): string {
  const rows = state.models.flatMap(({ model, nodes }) =>
    [...nodes.values()].map(({ node, state: nodeState, metrics }) => {
      const { sparsity, uniqueValues } = weightTotals(metrics);
      return [
        model,
        node.id,
        node.technique,
        node.precision,
        nodeState.kind,
        metrics?.simulated?.top1,
        metrics?.deployed?.top1,
        metrics?.deployed?.samples,
        metrics?.sizes?.raw,
        metrics?.sizes?.gzip,
        metrics?.sizes?.zip,
        sparsity,
        uniqueValues?.kernel,
        uniqueValues?.channel,
        metrics?.latency?.medianMilliseconds,
        metrics?.trainingSeconds,
        metrics?.certificate === undefined ? undefined : metrics.certificate.passed ? 'passed' : 'failed',
      ];
    }),
  );
  return `${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

function cell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
