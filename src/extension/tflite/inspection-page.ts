/** A model's inside as a page without scripts: operations, tensors, quantization, sparsity, unique values, histograms. */
import * as vscode from 'vscode';
import { drawHistogram } from '../../shared/drawing/histogram.ts';
import { formatBytes, formatPercent, missing } from '../../shared/drawing/format.ts';
import type { InspectedTensor, ModelInspection } from '../../shared/inspection.ts';
import { escapeHtml } from '../panel/page.ts';

export function inspectionPage(webview: vscode.Webview, folder: vscode.Uri, inspections: readonly ModelInspection[]): string {
  const [first, second] = inspections;
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, 'inspection.css')).toString();
  const body = first === undefined ? '' : second === undefined ? modelSections(first) : comparison(first, second);
  return `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ${webview.cspSource}">
<link rel="stylesheet" href="${style}">
<title>${escapeHtml(inspections.map((inspection) => nameOf(inspection)).join(' ↔ '))}</title>
</head>
<body><main>${body}</main></body>
</html>`;
}

function modelSections(model: ModelInspection): string {
  return [
    `<h1>${escapeHtml(nameOf(model))}</h1>`,
    `<p>${escapeHtml(summary(model))}</p>`,
    ...model.warnings.map((warning) => `<p class="warning">${escapeHtml(warning)}</p>`),
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
          String(operation.parameters),
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
          kernel.operation,
          kernel.shape.join(' × '),
          formatPercent(kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements, 1),
          `${kernel.uniqueValues} (${kernel.uniqueValuesPerChannel})`,
        ]),
      ),
    ),
    section(
      vscode.l10n.t('Histograms'),
      `<div class="histograms">${model.densities.map((density) => `<figure><figcaption>${escapeHtml(density.layer)}</figcaption>${drawHistogram(density, vscode.l10n.t('Histogram of {0}', density.layer))}</figure>`).join('')}</div>`,
    ),
    section(vscode.l10n.t('Tensors'), tensorTable(model.tensors)),
  ].join('\n');
}

/** What is different between two files, kernel by kernel. */
function comparison(first: ModelInspection, second: ModelInspection): string {
  const layers = [...new Set([...first.weights, ...second.weights].map((kernel) => kernel.layer))];
  const figures = (model: ModelInspection, layer: string): readonly string[] => {
    const kernel = model.weights.find((candidate) => candidate.layer === layer);
    const tensor = model.tensors.find((candidate) => candidate.name === kernel?.tensor);
    if (kernel === undefined) return [missing, missing, missing];
    return [
      tensor?.type ?? missing,
      formatPercent(kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements, 1),
      `${kernel.uniqueValues} (${kernel.uniqueValuesPerChannel})`,
    ];
  };
  const columns = [vscode.l10n.t('Type'), vscode.l10n.t('Sparsity'), vscode.l10n.t('Unique values')];
  const histograms = layers.map((layer) => {
    const drawn = [first, second].map((model) => {
      const density = model.densities.find((candidate) => candidate.layer === layer);
      return density === undefined
        ? ''
        : `<figure><figcaption>${escapeHtml(nameOf(model))}</figcaption>${drawHistogram(density, vscode.l10n.t('Histogram of {0}', layer))}</figure>`;
    });
    return `<h3>${escapeHtml(layer)}</h3><div class="histograms">${drawn.join('')}</div>`;
  });
  return [
    `<h1>${escapeHtml(`${nameOf(first)} ↔ ${nameOf(second)}`)}</h1>`,
    ...[first, second].map((model) => `<p>${escapeHtml(`${nameOf(model)}: ${summary(model)}`)}</p>`),
    section(
      vscode.l10n.t('Kernels'),
      table(
        [vscode.l10n.t('Layer'), ...[first, second].flatMap((model) => columns.map((column) => `${column} (${nameOf(model)})`))],
        layers.map((layer) => [layer, ...figures(first, layer), ...figures(second, layer)]),
      ),
    ),
    section(
      vscode.l10n.t('Operations'),
      table(
        ['', nameOf(first), nameOf(second)],
        Array.from({ length: Math.max(first.operations.length, second.operations.length) }, (_, index) => [
          String(index),
          operationText(first, index),
          operationText(second, index),
        ]),
        (row) => row[1] !== row[2],
      ),
    ),
    section(vscode.l10n.t('Histograms'), histograms.join('')),
  ].join('\n');
}

function operationText(model: ModelInspection, index: number): string {
  const operation = model.operations[index];
  return operation === undefined ? missing : `${operation.kind} ${operation.outputShape.join(' × ')}`;
}

function nameOf(model: ModelInspection): string {
  return model.path.split(/[\\/]/).slice(-2).join('/');
}

function summary(model: ModelInspection): string {
  const parts = [model.format, vscode.l10n.t('{0} operations', model.operations.length), vscode.l10n.t('{0} parameters', model.parameters)];
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
