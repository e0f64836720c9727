import type { ModelState } from '../../shared/run-state.ts';
import { outputTable } from '../../shared/drawing/output-table.ts';
import { english } from '../../shared/drawing/translate.ts';
import { isMeasured } from '../../shared/drawing/result-table.ts';
import { formatPercent, formatSeconds, missing } from '../../shared/drawing/format.ts';
import { mainMeasures, type MeasureId, measureRow, sizeMeasure } from '../../shared/measures.ts';
import { qualityRow, shownMeasure, simulatedQuality } from '../../shared/measure-figures.ts';
import { compressedSaving } from '../../core/measure/file-sizes.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { flattenTree } from '../../shared/tree.ts';
import { textTable, type TextColumn } from '../text-table.ts';

const columnsOf = (measures: readonly MeasureId[], metrics: NodeMetrics | undefined): readonly TextColumn[] => [
  { title: 'node' },
  { title: 'fp32 / fake-int8', numeric: true },
  ...measures.map((id) => ({ title: id === 'accuracy' ? qualityRow(metrics).short : measureRow(id).short, numeric: true })),
  { title: 'n', numeric: true },
  { title: 'saved', numeric: true },
  { title: 'zeros' },
  { title: 'unique (a channel)' },
  { title: 's', numeric: true },
  { title: 'certificate' },
];

/** Up to this many kernels are listed one by one; of more only the sums. */
const FEW_KERNELS = 3;

/** The guide's columns for a terminal. */
export function terminalTable(model: ModelState): string {
  const measures = mainMeasures.filter((id) => isMeasured(id, model));
  const rows = flattenTree(model.tree).map(({ node, level }) => {
    const result = model.nodes.get(node.id);
    const metrics = result?.metrics;
    const name = `${'  '.repeat(level)}${node.id.slice(node.id.lastIndexOf('/') + 1)}`;
    if (metrics === undefined) return [name, result === undefined ? missing : result.state.kind];
    const { deployed } = metrics;
    const certificate = metrics.certificate === undefined ? missing : metrics.certificate.passed ? 'passed' : 'FAILED';
    return [
      name,
      simulatedQuality(metrics),
      // The accuracy of a float node's own file is that of the column before.
      ...measures.map((id) => (id === 'accuracy' && node.precision !== 'int8' ? missing : shownMeasure(id, metrics))),
      String(deployed?.samples ?? missing),
      saved(metrics),
      zeros(metrics),
      uniqueValues(metrics),
      formatSeconds(metrics.trainingSeconds),
      certificate,
    ];
  });
  const table = textTable(columnsOf(measures, model.nodes.get(model.tree.id)?.metrics), rows);
  const outputs = outputTable(model, english);
  if (outputs === undefined) return table;
  const columns = outputs.titles.map((title, index): TextColumn => ({ title, numeric: index > 2 }));
  return `${table}\n\n${textTable(columns, outputs.rows)}`;
}

/** The part of the file that compression takes off. */
function saved(metrics: NodeMetrics): string {
  const [raw, compressed] = [measureRow('raw').value(metrics), measureRow(sizeMeasure).value(metrics)];
  return raw === undefined || compressed === undefined ? missing : formatPercent(compressedSaving(compressed, raw), 1);
}

function zeros({ weights }: NodeMetrics): string {
  if (weights.length <= FEW_KERNELS) return weights.map((kernel) => `${kernel.zeros}/${kernel.elements}`).join(' ');
  const elements = weights.reduce((sum, kernel) => sum + kernel.elements, 0);
  return formatPercent(weights.reduce((sum, kernel) => sum + kernel.zeros, 0) / Math.max(elements, 1), 1);
}

function uniqueValues({ weights }: NodeMetrics): string {
  const shown = (kernels: NodeMetrics['weights']): string =>
    kernels.map((kernel) => `${kernel.uniqueValues}(${kernel.uniqueValuesPerChannel})`).join(' ');
  if (weights.length <= FEW_KERNELS) return shown(weights);
  return `≤${Math.max(...weights.map((kernel) => kernel.uniqueValues))}(${Math.max(...weights.map((kernel) => kernel.uniqueValuesPerChannel))})`;
}
