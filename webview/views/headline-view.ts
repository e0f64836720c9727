import { headline } from '../../src/shared/drawing/headline.ts';
import type { BudgetFile, HeadlineFigure } from '../../src/shared/drawing/headline.ts';
import type { NodeResult } from '../../src/shared/node-result.ts';
import { button, copyButton } from '../controls.ts';
import { element, setHidden, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** The leaf to ship with its figures, at the top; hidden until a leaf is done. */
export function headlineView(actions: PanelActions): View {
  let shown = '';
  let result: NodeResult | undefined;
  const title = element('span');
  const link = element('button', { type: 'button', class: 'link', onclick: () => actions.change({ node: result?.node.id }) });
  const reason = element('p', { class: 'quiet' });
  const targets = element('div');
  const budgets = element('div', { class: 'budgets scroll', tabindex: 0, role: 'group', 'aria-label': translate('Budgets') });
  const figures = element('dl', { class: 'figures' });
  // The buttons stay while the file changes: controls take long to make, and one of them may have the focus.
  const buttons = element(
    'div',
    { class: 'buttons' },
    button(translate('Save .tflite as…'), () => actions.act('save-tflite', result), 'primary'),
    button(translate('Export for…'), () => actions.act('export-for', result)),
    button(translate('Open'), () => actions.act('open-tflite', result)),
    copyButton(translate('Copy Path'), translate('Copied'), () => actions.act('copy-tflite-path', result)),
  );
  const star = element('span', { class: 'star', 'aria-hidden': 'true' }, '★ ');
  const best = element('div', { class: 'best' }, element('p', { class: 'quiet' }, star, title), link, reason, buttons, targets);
  const part = element('section', { id: 'headline', 'aria-label': translate('Outcome'), hidden: true }, best, budgets, figures);
  return {
    element: part,
    update(state) {
      const model = chosenModel(state);
      const contents = model === undefined ? undefined : headline(model, state.targets, translate);
      const current = JSON.stringify([model?.model, contents]);
      if (current === shown) return;
      shown = current;
      result = contents && model?.nodes.get(contents.node);
      setHidden(part, contents === undefined);
      if (contents === undefined) return;
      setText(title, contents.title);
      setText(link, contents.nodeTitle);
      setText(reason, contents.reason);
      targets.replaceChildren(
        ...contents.targets.map(({ met, text }) => element('p', { class: met ? 'met' : 'missed' }, `${met ? '✓' : '✗'} ${text}`)),
      );
      setHidden(budgets, contents.budgets.length === 0);
      budgets.replaceChildren(budgetTable(contents.budgets, actions));
      figures.replaceChildren(...contents.figures.map(drawFigure));
    },
  };
}

function drawFigure({ name, value, remark, worse }: HeadlineFigure): HTMLElement {
  const remarks = remark === '' ? [] : [element('span', { class: worse ? 'quiet worse' : 'quiet' }, remark)];
  return element('div', {}, element('dt', {}, name), element('dd', {}, value, ...remarks));
}

/** A line for each budget of a search: its file is one click away. */
function budgetTable(budgets: readonly BudgetFile[], actions: PanelActions): HTMLElement {
  return element(
    'table',
    {},
    element(
      'tbody',
      {},
      ...budgets.map(({ budget, node, nodeTitle, met, figures }) =>
        element(
          'tr',
          {},
          element('td', { class: met ? 'met' : 'missed' }, `${met ? '✓' : '✗'} ${budget}`),
          element(
            'th',
            { scope: 'row' },
            element('button', { type: 'button', class: 'link', onclick: () => actions.change({ node }) }, nodeTitle),
          ),
          element('td', { class: 'number' }, figures),
        ),
      ),
    ),
  );
}
