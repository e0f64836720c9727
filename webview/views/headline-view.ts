import { headline } from '../../src/shared/drawing/headline.ts';
import type { Headline } from '../../src/shared/drawing/headline.ts';
import { element } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** The leaf to ship and what it comes to, above everything else; not there until a leaf is done. */
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
      if (contents !== undefined) part.replaceChildren(...draw(contents, actions));
    },
  };
}

function draw({ title, node, nodeTitle, figures, targets }: Headline, actions: PanelActions): readonly HTMLElement[] {
  return [
    element(
      'div',
      { class: 'best' },
      element('p', { class: 'quiet' }, title),
      element('button', { type: 'button', class: 'link', onclick: () => actions.change({ node }) }, nodeTitle),
      ...targets.map(({ met, text }) => element('p', { class: met ? 'met' : 'missed' }, `${met ? '✓' : '✗'} ${text}`)),
    ),
    element(
      'dl',
      { class: 'figures' },
      ...figures.map(({ name, value, remark }) =>
        element(
          'div',
          {},
          element('dt', {}, name),
          element('dd', {}, value, ...(remark === '' ? [] : [element('span', { class: 'quiet' }, remark)])),
        ),
      ),
    ),
  ];
}
