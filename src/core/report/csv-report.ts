import { csvCell } from '../../shared/csv-cell.ts';
import { measureIds, measureRow } from '../../shared/measures.ts';
import { qualityOf } from '../../shared/measure-figures.ts';
import { qualityTable } from '../../shared/qualities.ts';
import type { QualityId } from '../../shared/results.ts';
import type { RunState } from '../../shared/run-state.ts';
import { weightTotals } from '../../shared/drawing/result-table.ts';

/** @param qualities of the tasks of its models, nearly always one */
const columns = (qualities: readonly QualityId[]): readonly string[] => [
  'model',
  'node',
  'technique',
  'precision',
  'state',
  ...qualities.map((id) => `simulated_${qualityTable[id].column}`),
  ...measureIds.flatMap((id) =>
    id === 'accuracy' ? qualities.map((quality) => `deployed_${qualityTable[quality].column}`) : [measureRow(id).column],
  ),
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
  const measured = state.models.flatMap(({ nodes }) => [...nodes.values()].flatMap(({ metrics }) => metrics ?? []));
  const qualities = measured.length === 0 ? (['accuracy'] as const) : [...new Set(measured.map(qualityOf))];
  const rows = state.models.flatMap(({ model, nodes }) =>
    [...nodes.values()].map(({ node, state: nodeState, metrics }) => {
      const { sparsity, uniqueValues } = weightTotals(metrics);
      return [
        model,
        node.id,
        node.technique,
        node.precision,
        nodeState.kind,
        ...qualities.map((id) => metrics?.simulated && qualityTable[id].value(metrics.simulated)),
        ...measureIds.flatMap((id) =>
          id === 'accuracy'
            ? qualities.map((quality) => metrics?.deployed && qualityTable[quality].value(metrics.deployed))
            : [metrics && measureRow(id).value(metrics)],
        ),
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
  return `${[columns(qualities), ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}
