import { headline } from '../../src/shared/drawing/headline.ts';
import type { BudgetFile, Headline } from '../../src/shared/drawing/headline.ts';
import type { NodeResult } from '../../src/shared/run-state.ts';
import { button, copyButton } from '../controls.ts';
import { element } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** The leaf to ship with its figures, at the top; hidden until a leaf is done. */
export function headlineView(actions: PanelActions): View {
  const part = element('section', { id: 'headline', 'aria-label': translate('Outcome'), hidden: true });
  let shown = '';
  return {
    element: part,
    update(state) {
      const model = chosenModel(state);
      const contents = model === undefined ? undefined : headline(model, state.targets, translate);
      const current = JSON.stringify([model?.model, contents]);
      if (current === shown) return;
      shown = current;
      part.hidden = contents === undefined;
      const result = contents && model?.nodes.get(contents.node);
      if (contents !== undefined && result !== undefined) part.replaceChildren(...draw(contents, result, actions));
    },
  };
}

function draw(
  { title, reason, node, nodeTitle, figures, targets, budgets }: Headline,
  result: NodeResult,
  actions: PanelActions,
): readonly HTMLElement[] {
  return [
    element(
      'div',
      { class: 'best' },
      element('p', { class: 'quiet' }, element('span', { class: 'star', 'aria-hidden': 'true' }, '★ '), title),
      element('button', { type: 'button', class: 'link', onclick: () => actions.change({ node }) }, nodeTitle),
      element('p', { class: 'quiet' }, reason),
      element(
        'div',
        { class: 'buttons' },
        button(translate('Save .tflite as…'), () => actions.act('save-tflite', result), 'primary'),
        button(translate('Export for…'), () => actions.act('export-for', result)),
        button(translate('Open'), () => actions.act('open-tflite', result)),
        copyButton(translate('Copy Path'), translate('Copied'), () => actions.act('copy-tflite-path', result)),
      ),
      ...targets.map(({ met, text }) => element('p', { class: met ? 'met' : 'missed' }, `${met ? '✓' : '✗'} ${text}`)),
    ),
    ...(budgets.length === 0 ? [] : [budgetList(budgets, actions)]),
    element(
      'dl',
      { class: 'figures' },
      ...figures.map(({ name, value, remark, worse }) =>
        element(
          'div',
          {},
          element('dt', {}, name),
          element('dd', {}, value, ...(remark === '' ? [] : [element('span', { class: worse ? 'quiet worse' : 'quiet' }, remark)])),
        ),
      ),
    ),
  ];
}

/** A line for each budget of a search: its file is one click away. */
function budgetList(budgets: readonly BudgetFile[], actions: PanelActions): HTMLElement {
  return element(
    'div',
    { class: 'budgets scroll', tabindex: 0, role: 'group', 'aria-label': translate('Budgets') },
    element(
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
    ),
  );
}
