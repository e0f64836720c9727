import { runLog } from '../../src/shared/drawing/run-log.ts';
import type { RunLogLine } from '../../src/shared/drawing/run-log.ts';
import { element, section } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** Messages of the run and results of its nodes, the latest last. */
export function logView(actions: PanelActions): View {
  const list = element('ol', { class: 'log', tabindex: 0, 'aria-label': translate('Log') });
  const empty = element('p', { class: 'quiet' }, translate('Nothing to report yet.'));
  let runId: string | undefined;
  let lastKey: string | undefined;
  const draw = ({ level, time, text, model, node }: RunLogLine): HTMLElement =>
    element(
      'li',
      {
        class: `${level}${node === undefined ? '' : ' selects'}`,
        onclick: () => {
          if (node !== undefined) actions.change({ model, node });
        },
      },
      element('time', {}, new Date(time).toLocaleTimeString(document.documentElement.lang)),
      element('span', {}, text),
    );
  return {
    element: section('log', translate('Log'), empty, list),
    update(state) {
      const lines = runLog(state.run, translate);
      empty.hidden = lines.length > 0;
      list.hidden = !empty.hidden;
      const known = state.run.runId === runId ? lines.findLastIndex((line) => line.key === lastKey) : -1;
      if (known === lines.length - 1 && list.children.length === lines.length) return;
      runId = state.run.runId;
      lastKey = lines.at(-1)?.key;
      const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
      if (known < 0) list.replaceChildren();
      list.append(...lines.slice(known + 1).map(draw));
      // A long log is cut at its start.
      while (list.children.length > lines.length) list.firstElementChild?.remove();
      if (atEnd) list.scrollTop = list.scrollHeight;
    },
  };
}
