import type { ModelState } from '../../shared/run-state.ts';
import { formatBytes, formatPercent, formatSeconds, missing } from '../../shared/drawing/format.ts';
import { compressedSaving } from '../../core/measure/file-sizes.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import { flattenTree } from '../../shared/tree.ts';
import { textTable } from '../text-table.ts';

const columns = [
  { title: 'node' },
  { title: 'fp32 / fake-int8', numeric: true },
  { title: 'INT8 (LiteRT)', numeric: true },
  { title: 'n', numeric: true },
  { title: 'bytes', numeric: true },
  { title: 'gzip', numeric: true },
  { title: 'saved', numeric: true },
  { title: 'zeros' },
  { title: 'unique (a channel)' },
  { title: 'ms', numeric: true },
  { title: 's', numeric: true },
  { title: 'certificate' },
];

/** Zeros and unique values kernel by kernel where there are few kernels, in sum where there are many. */
const FEW_KERNELS = 3;

/** The guide's columns for a terminal. */
export function terminalTable(model: ModelState): string {
  const rows = flattenTree(model.tree).map(({ node, level }) => {
    const result = model.nodes.get(node.id);
    const metrics = result?.metrics;
    const name = `${'  '.repeat(level)}${node.id.slice(node.id.lastIndexOf('/') + 1)}`;
    if (metrics === undefined) return [name, result === undefined ? missing : result.state.kind];
    const { simulated, deployed, sizes, latency } = metrics;
    const certificate = metrics.certificate === undefined ? missing : metrics.certificate.passed ? 'passed' : 'FAILED';
    return [
      name,
      formatPercent(simulated?.top1),
      node.precision === 'int8' ? formatPercent(deployed?.top1) : missing,
      String(deployed?.samples ?? missing),
      formatBytes(sizes?.raw),
      formatBytes(sizes?.gzip),
      sizes === undefined ? missing : formatPercent(compressedSaving(sizes.gzip, sizes.raw), 1),
      zeros(metrics),
      uniqueValues(metrics),
      latency === undefined ? missing : latency.medianMilliseconds.toFixed(3),
      formatSeconds(metrics.trainingSeconds),
      certificate,
    ];
  });
  return textTable(columns, rows);
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
