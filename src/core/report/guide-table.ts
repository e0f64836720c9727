/**
 * The layout of the guide's tables: a column for each file to deploy, with the accuracy of the float network it was made
 * from (or of its own fake quantization), its INT8 accuracy, and its bytes before and after compression.
 */
import { compressedSaving, ratioToBaseline } from '../measure/file-sizes.ts';
import { formatPercent, formatSeconds, missing } from '../../shared/drawing/format.ts';
import { mainMeasures, measureRow, sizeMeasure } from '../../shared/measures.ts';
import { qualityRow, shownMeasure, shownTitle, simulatedQuality } from '../../shared/measure-figures.ts';
import { isMeasured, weightTotals } from '../../shared/drawing/result-table.ts';
import type { FileSizes, NodeMetrics } from '../../shared/results.ts';
import type { ModelState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';

export interface GuideTable {
  /** Titles of the columns; the first is of the rows' names. */
  readonly titles: readonly string[];
  /** The first cell is the row's name. */
  readonly rows: readonly (readonly string[])[];
}

/** A deployable node and the one whose accuracy before quantization stands above it. */
interface Deployment {
  readonly title: string;
  readonly leaf: NodeResult;
  readonly before: NodeResult;
}

export function guideTable(model: ModelState): GuideTable {
  const deployments = [...model.nodes.values()].filter(({ node }) => node.leaf).map((leaf) => deployment(model, leaf));
  const baseline = [...model.nodes.values()].find(({ parent }) => parent === undefined)?.metrics;
  const row = (name: string, cell: (deployed: Deployment) => string): readonly string[] => [name, ...deployments.map(cell)];
  const ofFile = (name: string, cell: (metrics: NodeMetrics) => string): readonly string[] =>
    row(name, ({ leaf: { metrics } }) => (metrics === undefined ? missing : cell(metrics)));
  return {
    titles: ['', ...deployments.map(({ title }) => title)],
    rows: [
      row(`fp32 or (fake-int8) ${qualityRow(baseline).title}`, accuracyBefore),
      ofFile(shownTitle('accuracy', baseline), (metrics) => shownMeasure('accuracy', metrics)),
      ...compressedMeasures.map((id) =>
        ofFile(`Bytes, ${measureRow(id).by}`, (metrics) => compression(metrics.sizes, measureRow(id).value(metrics))),
      ),
      ofFile('Bytes, zip', ({ sizes }) => compression(sizes, sizes?.zip)),
      ofFile('Against the float baseline', (metrics) => smaller(sizeOf(baseline), sizeOf(metrics))),
      ofFile('Sparsity', (metrics) => formatPercent(weightTotals(metrics).sparsity, 1)),
      ofFile('Unique values (in a channel)', (metrics) => {
        const { uniqueValues } = weightTotals(metrics);
        return uniqueValues === undefined ? missing : `${uniqueValues.kernel} (${uniqueValues.channel})`;
      }),
      ...deviceMeasures
        .filter((id) => isMeasured(id, model))
        .map((id) => ofFile(measureRow(id).title, (metrics) => shownMeasure(id, metrics))),
      row('Training of the whole path', ({ leaf }) => formatSeconds(trainingSeconds(model, leaf))),
      ofFile('Certificate', ({ certificate }) => (certificate === undefined ? missing : certificate.passed ? 'passed' : 'FAILED')),
    ],
  };
}

function deployment(model: ModelState, leaf: NodeResult): Deployment {
  const parent = leaf.parent === undefined ? undefined : model.nodes.get(leaf.parent);
  if (leaf.node.technique !== 'ptq' || parent === undefined) return { title: leaf.node.title, leaf, before: leaf };
  const siblings = parent.node.children.filter(({ technique }) => technique === 'ptq');
  return { title: siblings.length > 1 ? leaf.node.title : parent.node.title, leaf, before: parent };
}

/** In brackets where it is of a fake-quantized network. */
function accuracyBefore({ before: { node, metrics } }: Deployment): string {
  const text = simulatedQuality(metrics);
  return node.precision === 'int8' && text !== missing ? `(${text})` : text;
}

/** As in the guide: `528,128 -> 434,879 (17.66%)`, the part of the file that compression saves. */
function compression(sizes: FileSizes | undefined, compressed: number | undefined): string {
  if (sizes === undefined || compressed === undefined) return missing;
  return `${grouped(sizes.raw)} -> ${grouped(compressed)} (${formatPercent(compressedSaving(compressed, sizes.raw))})`;
}

/** Measures of the file after a compressor. */
const compressedMeasures = mainMeasures.filter((id) => measureRow(id).savesOf === 'raw');

/** Measures of running the file, here or on the device that it is for. */
const deviceMeasures = mainMeasures.filter(
  (id) => id !== 'accuracy' && measureRow(id).by !== '.tflite' && measureRow(id).savesOf === undefined,
);

function sizeOf(metrics: NodeMetrics | undefined): number | undefined {
  return metrics && measureRow(sizeMeasure).value(metrics);
}

function smaller(baseline: number | undefined, compressed: number | undefined): string {
  return baseline === undefined || compressed === undefined ? missing : `${ratioToBaseline(baseline, compressed).toFixed(1)} times smaller`;
}

function trainingSeconds(model: ModelState, leaf: NodeResult): number | undefined {
  let seconds: number | undefined;
  for (
    let node: NodeResult | undefined = leaf;
    node !== undefined;
    node = node.parent === undefined ? undefined : model.nodes.get(node.parent)
  ) {
    if (node.metrics?.trainingSeconds !== undefined) seconds = (seconds ?? 0) + node.metrics.trainingSeconds;
  }
  return seconds;
}

function grouped(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
