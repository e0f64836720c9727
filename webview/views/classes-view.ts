import { classRows, type Confusion } from '../../src/shared/drawing/confusion.ts';
import { formatChange, formatPercent, missing } from '../../src/shared/drawing/format.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import type { NodeMetrics } from '../../src/shared/results.ts';
import { createClassChart } from '../class-chart.ts';
import { element, section, setHidden, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { View } from '../panel-state.ts';

/** A larger matrix says nothing that its table does not. */
const mostClasses = 20;

/** Accuracy of each class and confusion matrix of the chosen node; hidden where there is none. */
export function classesView(): View {
  const name = element('p');
  const classes = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Classes') });
  const matrix = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Confusion matrix') });
  const chart = createClassChart();
  const part = section('classes', translate('Classes'), name, chart.element, element('div', { class: 'classes' }, classes, matrix));
  let previous: unknown;
  return {
    element: part,
    update(state) {
      const node = chosenNode(state);
      const model = chosenModel(state);
      const confusion = confusionOf(node?.metrics);
      setHidden(part, confusion === undefined);
      if (node === undefined || model === undefined || confusion === undefined || confusion === previous) return;
      previous = confusion;
      setText(name, nodeTitle(node.node.title, translate));
      const baseline = confusionOf(model.nodes.get(model.tree.id)?.metrics);
      setHidden(chart.element, confusion.length > mostClasses);
      chart.update(translate('Right'), [
        ...(baseline === undefined || baseline === confusion
          ? []
          : [{ label: translate('Trained model'), colour: '--vscode-charts-blue', right: rightOf(baseline) }]),
        { label: nodeTitle(node.node.title, translate), colour: '--vscode-charts-green', right: rightOf(confusion) },
      ]);
      classes.replaceChildren(classTable(confusion, baseline));
      setHidden(matrix, confusion.length > mostClasses);
      matrix.replaceChildren(...(matrix.hidden ? [] : [matrixTable(confusion)]));
    },
  };
}

function rightOf(confusion: Confusion): readonly (number | undefined)[] {
  return classRows(confusion).map(({ right }) => right);
}

/** Of the file where it was measured, else of the training engine. */
function confusionOf(metrics: NodeMetrics | undefined): Confusion | undefined {
  return metrics?.deployed?.confusion ?? metrics?.simulated?.confusion;
}

function classTable(confusion: Confusion, baseline: Confusion | undefined): HTMLElement {
  const before = baseline && classRows(baseline);
  const titles = [
    { text: translate('Class'), numeric: false },
    { text: translate('Examples'), numeric: true },
    { text: translate('Right'), numeric: true },
    { text: translate('Trained model, right'), numeric: true },
    { text: translate('Most often taken for'), numeric: false },
  ];
  return element(
    'table',
    {},
    element(
      'thead',
      {},
      element('tr', {}, ...titles.map(({ text, numeric }) => element('th', { scope: 'col', class: numeric ? 'number' : undefined }, text))),
    ),
    element(
      'tbody',
      {},
      ...classRows(confusion).map(({ label, examples, right, takenFor }) => {
        const was = before?.[label]?.right;
        const change = right === undefined || was === undefined ? '' : ` (${formatChange(right - was)})`;
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, String(label)),
          element('td', { class: 'number' }, String(examples)),
          element('td', { class: 'number' }, `${formatPercent(right, 1)}${change}`),
          element('td', { class: 'number' }, formatPercent(was, 1)),
          element('td', {}, takenFor === undefined ? missing : `${takenFor.label} (${takenFor.count})`),
        );
      }),
    ),
  );
}

/** Rows are labels, columns predictions; what is wrong stands out by its colour. */
function matrixTable(confusion: Confusion): HTMLElement {
  const mostWrong = Math.max(1, ...confusion.flatMap((counts, label) => counts.filter((_, predicted) => predicted !== label)));
  return element(
    'table',
    { class: 'matrix' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('td', {}, `${translate('label')} ↓ ${translate('predicted as')} →`),
        ...confusion.map((_, label) => element('th', { scope: 'col' }, String(label))),
      ),
    ),
    element(
      'tbody',
      {},
      ...confusion.map((counts, label) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, String(label)),
          ...counts.map((count, predicted) => matrixCell(count, label, predicted, mostWrong, counts)),
        ),
      ),
    ),
  );
}

function matrixCell(count: number, label: number, predicted: number, mostWrong: number, counts: readonly number[]): HTMLElement {
  const total = counts.reduce((sum, part) => sum + part, 0);
  const title = translate('{0} of {1} of class {2} are predicted as {3}', count, total, label, predicted);
  const cell = element('td', { class: label === predicted ? 'number right' : 'number wrong', title }, count === 0 ? '' : String(count));
  if (label !== predicted) cell.style.setProperty('--strength', `${Math.round((count / mostWrong) * 45)}%`);
  return cell;
}
