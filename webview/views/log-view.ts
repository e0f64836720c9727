import { element, section } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** What the run had to say, the latest at the end. */
export function logView(actions: PanelActions): View {
  const list = element('ol', { class: 'log', tabindex: 0, 'aria-label': translate('Log') });
  const empty = element('p', { class: 'quiet' }, translate('Nothing to report.'));
  let last = -1;
  let runId: string | undefined;
  return {
    element: section('log', translate('Log'), empty, list),
    update(state) {
      if (state.run.runId !== runId) {
        runId = state.run.runId;
        last = -1;
        list.replaceChildren();
      }
      empty.hidden = state.run.log.length > 0;
      list.hidden = !empty.hidden;
      const fresh = state.run.log.filter((line) => line.sequence > last);
      if (fresh.length === 0) return;
      last = fresh.at(-1)?.sequence ?? last;
      const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
      list.append(
        ...fresh.map((line) => {
          const node = line.node;
          const place = node === undefined ? '' : `${node}: `;
          return element(
            'li',
            {
              class: line.level,
              onclick: () => {
                if (node !== undefined) actions.change({ model: line.model, node });
              },
            },
            `${new Date(line.time).toLocaleTimeString()} ${place}${line.message}`,
          );
        }),
      );
      while (list.children.length > state.run.log.length) list.firstElementChild?.remove();
      if (atEnd) list.scrollTop = list.scrollHeight;
    },
  };
}
