import { csvCell } from '../../shared/csv-cell.ts';
import { measureIds, measureRow } from '../../shared/measures.ts';
import type { RunState } from '../../shared/run-state.ts';
import { weightTotals } from '../../shared/drawing/result-table.ts';

const columns = [
  'model',
  'node',
  'technique',
  'precision',
  'state',
  'simulated_top1',
  ...measureIds.map((id) => measureRow(id).column),
  'samples',
  'zip_bytes',
  'sparsity',
  'unique_values',
  'unique_values_per_channel',
  'training_s',
  'certificate',
];

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
        ...measureIds.map((id) => metrics && measureRow(id).value(metrics)),
        metrics?.deployed?.samples,
        metrics?.sizes?.zip,
        sparsity,
        uniqueValues?.kernel,
        uniqueValues?.channel,
        metrics?.trainingSeconds,
        metrics?.certificate === undefined ? undefined : metrics.certificate.passed ? 'passed' : 'failed',
      ];
    }),
  );
  return `${[columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}
