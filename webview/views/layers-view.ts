import { translateCheck } from '../../src/shared/drawing/certificate-text.ts';
import { layerColumns, layerRows, pruningRemark, type LayerColumn, type LayerColumnKey } from '../../src/shared/drawing/layer-table.ts';
import { ariaSort, nextOrder, type Order } from '../../src/shared/drawing/sorting.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import type { WeightMetrics } from '../../src/shared/results.ts';
import { pathTo } from '../../src/shared/run-state.ts';
import type { NodeResult } from '../../src/shared/node-result.ts';
import { button, textField } from '../controls.ts';
import { element, section, setAttribute, setHidden, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** One object, so that a node without weights is seen to be unchanged. */
const noWeights: readonly WeightMetrics[] = [];

/** The chosen node in detail: every kernel, and every check of the certificate. A click on a kernel shows its density. */
export function layersView(actions: PanelActions): View {
  const columns = layerColumns(translate);
  let node: NodeResult | undefined;
  let path: readonly NodeResult[] = [];
  let order: Order<LayerColumnKey> | undefined;
  let filter = '';
  let shown: unknown[] = [];
  let previousCertificate: unknown;
  const name = element('p');
  const open = button(translate('Open .tflite'), () => actions.act('open-tflite', node));
  const reveal = button(translate('Reveal .tflite'), () => actions.act('reveal-tflite', node));
  const kernels = element('tbody');
  const checks = element('tbody');
  const buttons = element('div', { class: 'buttons' }, open, reveal);
  const filterField = textField(translate('Filter'), '', (text) => {
    filter = text;
    drawKernels();
  });
  const headings = columns.map((column) =>
    element(
      'th',
      { scope: 'col', class: column.numeric ? 'number' : undefined },
      element('button', { type: 'button', onclick: () => sortBy(column) }, column.title),
    ),
  );
  const certificate = element(
    'div',
    {},
    element('h3', {}, translate('Certificate')),
    table(
      [translate('Layer'), translate('Property'), translate('Expected'), translate('Found'), ''].map(plainHeading),
      checks,
      translate('Certificate'),
    ),
  );
  const sortBy = (column: LayerColumn): void => {
    // The largest first: what takes most is what one looks for. The third click restores the order of the network.
    order = nextOrder(order, column.key, column.numeric);
    drawKernels();
  };
  const showDensity = (kernel: WeightMetrics): void => {
    actions.change({ kernel: kernel.layer });
    document.getElementById('density')?.scrollIntoView({ block: 'nearest' });
  };
  const drawKernels = (): void => {
    const weights = node?.metrics?.weights ?? noWeights;
    const current = [weights, node?.node.id, filter, order];
    if (current.every((value, index) => value === shown[index])) return;
    shown = current;
    for (const [index, column] of columns.entries()) {
      const heading = headings[index];
      if (heading !== undefined) setAttribute(heading, 'aria-sort', ariaSort(order, column.key));
    }
    const greatest = new Map(
      columns.map(({ key, order: value }) => [key, Math.max(...weights.map((kernel) => Number(value(kernel) ?? 0)))]),
    );
    kernels.replaceChildren(
      ...layerRows(weights, columns, { filter, order }).map((kernel) =>
        element('tr', {}, ...columns.map((column) => layerCell(kernel, column, greatest.get(column.key) ?? 1))),
      ),
    );
  };
  const layerCell = (kernel: WeightMetrics, column: LayerColumn, greatest: number): HTMLElement => {
    const text = column.text(kernel);
    if (column.key === 'layer') {
      const link = element('button', { type: 'button', class: 'link', onclick: () => showDensity(kernel) }, text);
      return element('th', { scope: 'row' }, link);
    }
    const cell = element('td', { class: column.numeric ? 'number' : undefined }, text);
    const value = column.order(kernel);
    if (column.bar === true && typeof value === 'number' && greatest > 0) {
      const bar = element('span', { class: 'cell-bar', 'aria-hidden': 'true' });
      cell.classList.add('barred');
      bar.style.setProperty('--share', String(value / (column.key === 'sparsity' ? 1 : greatest)));
      cell.append(bar);
    }
    const remark = column.key === 'sparsity' ? pruningRemark(kernel, path, translate) : undefined;
    if (remark !== undefined) cell.append(element('span', { class: 'cell-remark' }, remark));
    return cell;
  };
  return {
    element: section(
      'layers',
      translate('Layers'),
      name,
      element('div', { class: 'fields' }, buttons, filterField),
      table(headings, kernels, translate('Layers')),
      certificate,
    ),
    update(state) {
      node = chosenNode(state);
      const model = chosenModel(state);
      path = node === undefined || model === undefined ? [] : pathTo(model, node.node.id);
      setText(
        name,
        node === undefined
          ? ''
          : `${nodeTitle(node.node.title, translate)}${node.state.kind === 'failed' ? `: ${node.state.message}` : node.state.kind === 'skipped' ? `: ${node.state.reason}` : ''}`,
      );
      setHidden(buttons, node?.tflite === undefined);
      drawKernels();
      const verdict = node?.metrics?.certificate;
      if (verdict === previousCertificate && verdict !== undefined) return;
      previousCertificate = verdict;
      setHidden(certificate, verdict === undefined);
      checks.replaceChildren(
        ...(verdict?.checks ?? []).map((written) => {
          const check = translateCheck(written, translate);
          return row(
            check.layer,
            check.property,
            check.expected,
            check.found,
            check.passed ? `✓ ${translate('passed')}` : `✗ ${translate('failed')}`,
          );
        }),
      );
    },
  };
}

function plainHeading(text: string): HTMLElement {
  return text === '' ? element('td') : element('th', { scope: 'col' }, text);
}

function table(headings: readonly HTMLElement[], body: HTMLElement, label: string): HTMLElement {
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': label },
    element('table', {}, element('thead', {}, element('tr', {}, ...headings)), body),
  );
}

function row(first: string, ...others: readonly string[]): HTMLElement {
  return element('tr', {}, element('th', { scope: 'row' }, first), ...others.map((text) => element('td', {}, text)));
}
