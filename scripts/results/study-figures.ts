/** Figures of a study by the name of a node: for its table, and for the sentences about it in `studies.json`. */
import { formatPercent } from '../../src/shared/drawing/format.ts';
import type { NodeMetrics } from '../../src/shared/results.ts';
import { differenceCell, meanOf } from './statistics.ts';
import type { NodeSeries } from './study-runs.ts';

export function metricsOf({ results }: NodeSeries): readonly NodeMetrics[] {
  return results.map(({ metrics }) => metrics);
}

/** Accuracy of what would be shipped: of the file in LiteRT, of a float network on the training engine. */
function accuracyOf({ isInteger }: NodeSeries, metrics: NodeMetrics): number | undefined {
  return isInteger ? metrics.deployed?.top1 : metrics.simulated?.top1;
}

/** Differences to the control of the same run and model. */
export function differencesTo(control: NodeSeries, node: NodeSeries): readonly number[] {
  return node.results.flatMap(({ origin, metrics }) => {
    const own = accuracyOf(node, metrics);
    const beside = control.results.find((result) => result.origin === origin);
    const other = beside === undefined ? undefined : accuracyOf(control, beside.metrics);
    return own === undefined || other === undefined ? [] : [own - other];
  });
}

/** What a sentence may ask of a node. */
const figures: Readonly<Record<string, (node: NodeSeries, control: NodeSeries | undefined) => string>> = {
  accuracy: (node) => formatPercent(meanOf(metricsOf(node).flatMap((metrics) => accuracyOf(node, metrics) ?? []))),
  saved: (node) =>
    formatPercent(meanOf(metricsOf(node).flatMap(({ sizes }) => (sizes === undefined ? [] : 1 - sizes.gzip / sizes.raw))), 1),
  gzip: (node) => Math.round(meanOf(metricsOf(node).flatMap(({ sizes }) => sizes?.gzip ?? []))).toLocaleString('en'),
  difference: (node, control) => (control === undefined ? '' : differenceCell(differencesTo(control, node))),
};

/**
 * A sentence with its figures, which are those of the runs: `{ptq accuracy}` is the mean accuracy of the node `ptq`.
 *
 * @throws Error for a node that the study has not, or a figure that does not exist
 */
export function withFigures(sentence: string, series: readonly NodeSeries[], control: NodeSeries | undefined): string {
  return sentence.replaceAll(/\{(\S+) (\w+)\}/g, (_, id: string, figure: string) => {
    const node = series.find((one) => one.id === id);
    const value = figures[figure];
    if (node === undefined || value === undefined)
      throw new Error(
        `"${sentence}" asks for "${figure}" of "${id}"; there are ${Object.keys(figures).join(', ')} of ${series.map((one) => one.id).join(', ')}`,
      );
    return value(node, control);
  });
}

/** The leaf that loses most against the control, said by the script so that no sentence can be older than its table. */
export function worstLeaf(series: readonly NodeSeries[], control: NodeSeries | undefined): string | undefined {
  if (control === undefined) return undefined;
  const leaves = series.filter(({ isInteger }) => isInteger).map((node) => ({ node, differences: differencesTo(control, node) }));
  const [worst] = leaves
    .filter(({ differences }) => differences.length > 0)
    .toSorted((a, b) => meanOf(a.differences) - meanOf(b.differences));
  return worst === undefined
    ? undefined
    : `Of the INT8 files “${worst.node.title}” lies lowest against the float control: ${differenceCell(worst.differences)} points.`;
}
