import { drawArena } from '../../src/shared/drawing/arena-plan.ts';
import { hardwareFacts, operatorColumns } from '../../src/shared/drawing/hardware-text.ts';
import { element, parseSvg, section, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenNode } from '../panel-state.ts';
import type { View } from '../panel-state.ts';

/** What the chosen node's file needs of a microcontroller: figures, the tensor arena over the operators, each operator's part. */
export function hardwareView(): View {
  const facts = element('dl', { class: 'facts' });
  const arena = element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Tensor arena') });
  const heading = element('tr');
  const operators = element('tbody');
  const part = section(
    'hardware',
    translate('On a microcontroller'),
    facts,
    arena,
    element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Operators') },
      element('table', {}, element('thead', {}, heading), operators),
    ),
  );
  let previous: unknown;
  return {
    element: part,
    update(state) {
      const profile = chosenNode(state)?.profile;
      setHidden(part, profile === undefined);
      if (profile === undefined || profile === previous) return;
      previous = profile;
      facts.replaceChildren(
        ...hardwareFacts(profile, translate).flatMap(([name, fact]) => [element('dt', {}, name), element('dd', {}, fact)]),
      );
      arena.replaceChildren(parseSvg(drawArena(profile.ram.head, translate)));
      const columns = operatorColumns(profile, translate);
      const kind = (numeric: boolean): string | undefined => (numeric ? 'number' : undefined);
      heading.replaceChildren(...columns.map(({ title, numeric }) => element('th', { scope: 'col', class: kind(numeric) }, title)));
      operators.replaceChildren(
        ...profile.operators.map((operator) =>
          element(
            'tr',
            {},
            ...columns.map(({ numeric, cell }, index) =>
              element(index === 0 ? 'th' : 'td', { class: kind(numeric), scope: index === 0 ? 'row' : undefined }, cell(operator)),
            ),
          ),
        ),
      );
    },
  };
}
