/** A model's inside as a page: graph, operations, tensors, quantization, sparsity, unique values, histograms. Only the graph needs a script. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { densityOf } from '../../shared/drawing/density-series.ts';
import { densityPlot } from '../../shared/drawing/plot/density-plot.ts';
import { drawPlot } from '../../shared/drawing/plot/draw-plot.ts';
import { formatBytes, formatPercent, missing, formatCount } from '../../shared/drawing/format.ts';
import { kernelOperation } from '../../shared/drawing/layer-table.ts';
import { alignOperations } from '../../shared/graph/align-operations.ts';
import { networkGraph } from '../../shared/graph/network-graph.ts';
import type { InspectedOperation, InspectedTensor, ModelInspection } from '../../shared/inspection.ts';
import type { DensityPlot } from '../../shared/results.ts';
import { escapeHtml, pageStrings } from '../panel/page.ts';
import { translate } from '../translate.ts';

/** What the page may load: its styles and the script of the graph. */
export function inspectionFolders(extension: vscode.Uri): readonly [media: vscode.Uri, scripts: vscode.Uri] {
  return [vscode.Uri.joinPath(extension, 'media'), vscode.Uri.joinPath(extension, 'dist', 'webview')];
}

export function inspectionPage(webview: vscode.Webview, extension: vscode.Uri, inspections: readonly ModelInspection[]): string {
  const [first, second] = inspections;
  const [media, scripts] = inspectionFolders(extension);
  const style = webview.asWebviewUri(vscode.Uri.joinPath(media, 'inspection.css')).toString();
  const script = webview.asWebviewUri(vscode.Uri.joinPath(scripts, 'graph.js')).toString();
  const nonce = randomBytes(16).toString('base64');
  const body = first === undefined ? '' : second === undefined ? modelSections(first) : comparison(first, second);
  return `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}; font-src ${webview.cspSource}">
<link rel="stylesheet" href="${style}">
<title>${escapeHtml(inspections.map((inspection) => nameOf(inspection)).join(' ↔ '))}</title>
</head>
<body data-page="${escapeHtml(JSON.stringify({ recipe: '', strings: pageStrings(), treeLook: 'status' }))}"><main>${body}</main><script nonce="${nonce}" src="${script}"></script></body>
</html>`;
}

function modelSections(model: ModelInspection): string {
  return [
    `<h1>${escapeHtml(nameOf(model))}</h1>`,
    `<p>${escapeHtml(summary(model))}</p>`,
    ...model.warnings.map((warning) => `<p class="warning">${escapeHtml(warning)}</p>`),
    graphSection(model),
    section(vscode.l10n.t('Inputs and outputs'), tensorTable([...model.inputs, ...model.outputs])),
    section(
      vscode.l10n.t('Operations'),
      table(
        [
          '',
          vscode.l10n.t('Operation'),
          vscode.l10n.t('Layer'),
          vscode.l10n.t('Output shape'),
          vscode.l10n.t('Parameters'),
          vscode.l10n.t('Details'),
        ],
        model.operations.map((operation) => [
          String(operation.index),
          operation.kind,
          operation.layer,
          operation.outputShape.join(' × '),
          formatCount(operation.parameters),
          operation.details,
        ]),
      ),
    ),
    section(
      vscode.l10n.t('Kernels'),
      table(
        [
          vscode.l10n.t('Layer'),
          vscode.l10n.t('Operation'),
          vscode.l10n.t('Shape'),
          vscode.l10n.t('Sparsity'),
          vscode.l10n.t('Unique values'),
        ],
        model.weights.map((kernel) => [
          kernel.layer,
          kernelOperation(kernel),
          kernel.shape.join(' × '),
          formatPercent(kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements, 1),
          `${kernel.uniqueValues} (${kernel.uniqueValuesPerChannel})`,
        ]),
      ),
    ),
    section(
      vscode.l10n.t('Histograms'),
      `<div class="histograms">${model.densities.map((density) => histogram(density, density.layer)).join('')}</div>`,
    ),
    section(vscode.l10n.t('Tensors'), tensorTable(model.tensors)),
  ].join('\n');
}

/** What is different between two files: on the graph, kernel by kernel, and operation by operation. */
function comparison(first: ModelInspection, second: ModelInspection): string {
  const layers = [...new Set([...first.weights, ...second.weights].map((kernel) => kernel.layer))];
  const figures = (model: ModelInspection, layer: string): readonly string[] => {
    const kernel = model.weights.find((candidate) => candidate.layer === layer);
    const tensor = model.tensors.find((candidate) => candidate.name === kernel?.tensor);
    if (kernel === undefined) return [missing, missing, missing, missing];
    return [
      tensor?.type ?? missing,
      formatPercent(kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements, 1),
      String(kernel.uniqueValues),
      String(kernel.uniqueValuesPerChannel),
    ];
  };
  const histograms = layers.map((layer) => {
    const drawn = [first, second].map((model) => {
      const density = model.densities.find((candidate) => candidate.layer === layer);
      return density === undefined ? '' : histogram(density, nameOf(model));
    });
    return `<h3>${escapeHtml(layer)}</h3><div class="histograms">${drawn.join('')}</div>`;
  });
  const pairs = alignOperations(first, second);
  return [
    `<h1>${escapeHtml(`${nameOf(first)} ↔ ${nameOf(second)}`)}</h1>`,
    ...[first, second].map((model, index) => `<p>${index + 1}: ${escapeHtml(`${nameOf(model)}: ${summary(model)}`)}</p>`),
    graphSection(first, second),
    section(
      vscode.l10n.t('Kernels'),
      table(
        [
          vscode.l10n.t('Layer'),
          vscode.l10n.t('Type'),
          vscode.l10n.t('Sparsity'),
          vscode.l10n.t('Unique values'),
          vscode.l10n.t('Unique values in a channel'),
        ],
        layers.map((layer) => {
          const after = figures(second, layer);
          return [layer, ...figures(first, layer).map((figure, index) => change(figure, after[index] ?? missing))];
        }),
        (row) => row.slice(1).some((cell) => cell.includes(arrow)),
      ),
    ),
    section(
      vscode.l10n.t('Operations'),
      table(
        ['', '1', '2'],
        pairs.map((pair, index) => [String(index), operationText(pair.first), operationText(pair.second)]),
        (row) => row[1] === missing || row[2] === missing,
      ),
    ),
    section(vscode.l10n.t('Histograms'), histograms.join('')),
  ].join('\n');
}

const arrow = ' → ';

/** A figure of both files, once where they agree. */
function change(before: string, after: string): string {
  return before === after ? before : `${before}${arrow}${after}`;
}

function graphSection(first: ModelInspection, second?: ModelInspection): string {
  const graph = escapeHtml(JSON.stringify(networkGraph(first, second)));
  return section(
    vscode.l10n.t('Graph'),
    `<div id="graph" data-graph="${graph}"${second === undefined ? '' : ' data-comparison'}><p role="status">${escapeHtml(vscode.l10n.t('Laying out the graph…'))}</p></div>`,
  );
}

function histogram(density: DensityPlot, caption: string): string {
  const plot = densityPlot(densityOf(density), density.layer, translate);
  return `<figure><figcaption>${escapeHtml(caption)}</figcaption>${drawPlot({ ...plot, description: vscode.l10n.t('Histogram of {0}', density.layer) }, { width: 320, height: 170 })}</figure>`;
}

function operationText(operation: InspectedOperation | undefined): string {
  return operation === undefined ? missing : `${operation.kind} ${operation.outputShape.join(' × ')}`;
}

function nameOf(model: ModelInspection): string {
  return model.path.split(/[\\/]/).slice(-2).join('/');
}

function summary(model: ModelInspection): string {
  const parts = [
    model.format,
    vscode.l10n.t('{0} operations', model.operations.length),
    vscode.l10n.t('{0} parameters', formatCount(model.parameters)),
  ];
  if (model.sizes !== undefined)
    parts.push(vscode.l10n.t('{0}, compressed {1}', formatBytes(model.sizes.raw), formatBytes(model.sizes.gzip)));
  if (model.fullInteger !== undefined) parts.push(model.fullInteger ? vscode.l10n.t('full integer') : vscode.l10n.t('not full integer'));
  return parts.join(' · ');
}

function tensorTable(tensors: readonly InspectedTensor[]): string {
  return table(
    [vscode.l10n.t('Name'), vscode.l10n.t('Type'), vscode.l10n.t('Shape'), vscode.l10n.t('Quantization')],
    tensors.map((tensor) => [
      tensor.name,
      `${tensor.type}${tensor.sparse ? ` (${vscode.l10n.t('sparse')})` : ''}`,
      tensor.shape.join(' × '),
      quantizationText(tensor),
    ]),
  );
}

function quantizationText({ quantization }: InspectedTensor): string {
  if (quantization === undefined || quantization.scales.length === 0) return missing;
  const [scale = 0] = quantization.scales;
  const [zeroPoint = 0] = quantization.zeroPoints;
  if (quantization.scales.length === 1) return vscode.l10n.t('scale {0}, zero point {1}', scale.toPrecision(5), zeroPoint);
  return vscode.l10n.t(
    '{0} scales along axis {1}, from {2} to {3}',
    quantization.scales.length,
    quantization.axis ?? 0,
    Math.min(...quantization.scales).toPrecision(3),
    Math.max(...quantization.scales).toPrecision(3),
  );
}

function section(title: string, content: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;
}

function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  marked: (row: readonly string[]) => boolean = () => false,
): string {
  const head = headings.map((heading) => (heading === '' ? '<td></td>' : `<th scope="col">${escapeHtml(heading)}</th>`)).join('');
  const body = rows
    .map((row) => `<tr${marked(row) ? ' class="different"' : ''}>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
