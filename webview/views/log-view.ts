import { runLog } from '../../src/shared/drawing/run-log.ts';
import type { RunLogLine } from '../../src/shared/drawing/run-log.ts';
import { element, section, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, View } from '../panel-state.ts';

/** Messages of the run and results of its nodes, the latest last. */
export function logView(actions: PanelActions): View {
  const list = element('ol');
  // Stays at its end as it grows, by its style alone: to ask where it stands would lay out the page in the middle of a frame.
  const frame = element('div', { class: 'log', tabindex: 0, role: 'group', 'aria-label': translate('Log') }, list);
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
      element('time', {}, formatTime(new Date(time))),
      element('span', {}, text),
    );
  return {
    element: section('log', translate('Log'), empty, frame),
    update(state) {
      const lines = runLog(state.run, translate);
      setHidden(empty, lines.length > 0);
      setHidden(frame, !empty.hidden);
      const known = state.run.runId === runId ? lines.findLastIndex((line) => line.key === lastKey) : -1;
      if (known === lines.length - 1 && list.children.length === lines.length) return;
      runId = state.run.runId;
      lastKey = lines.at(-1)?.key;
      if (known < 0) list.replaceChildren();
      list.append(...lines.slice(known + 1).map(draw));
      // A long log is cut at its start.
      while (list.children.length > lines.length) list.firstElementChild?.remove();
    },
  };
}

/** Not by the locale: its formatter takes as long as a frame may. */
function formatTime(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
