import { formatSeconds } from '../../src/shared/drawing/format.ts';
import type { RunFinished } from '../../src/shared/events.ts';
import { button } from '../controls.ts';
import { element, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';

/** Name, state and engine of the run, its buttons, and what the user should know. */
export function headerView(actions: PanelActions): View {
  const title = element('h1');
  const summary = element('p', { class: 'summary', role: 'status' });
  const engine = element('p', { class: 'quiet' });
  const notice = element('p', { class: 'notice', role: 'alert', hidden: true });
  const cancel = button(translate('Cancel'), () => actions.act('cancel'), 'primary');
  const resume = button(translate('Resume'), () => actions.act('resume'), 'primary');
  const again = button(translate('Run Again'), () => actions.act('run-again'));
  const report = button(translate('Export Report'), () => actions.act('export-report'));
  const recipe = button(translate('Open Recipe'), () => actions.act('open-recipe'));
  return {
    element: element(
      'header',
      {},
      title,
      summary,
      engine,
      notice,
      element('div', { class: 'buttons' }, cancel, resume, again, report, recipe),
    ),
    update(state) {
      const { activity } = state.status;
      setText(title, state.title);
      setText(summary, summarize(state));
      setText(engine, [state.run.engine, state.run.runtime, state.run.machine].filter((name) => name !== '').join(' · '));
      setText(notice, state.status.notice ?? '');
      notice.hidden = state.status.notice === undefined;
      cancel.hidden = activity !== 'running' && activity !== 'queued';
      resume.hidden = activity !== 'interrupted';
      again.hidden = activity !== 'ended';
      report.hidden = activity !== 'ended' && activity !== 'interrupted';
    },
  };
}

function summarize(state: PanelState): string {
  const { run, status } = state;
  const nodes = run.models.flatMap((model) => [...model.nodes.values()]);
  const done = nodes.filter((node) => node.state.kind === 'done').length;
  const counts = translate('{0} of {1} nodes done', done, nodes.length);
  switch (status.activity) {
    case 'queued':
      return nodes.length === 0 ? translate('Preparing, or waiting for another run to end') : translate('Waiting for another run to end');
    case 'running':
      return nodes.length === 0 ? translate('Preparing: reading the model and its data') : `${translate('Running')} · ${counts}`;
    case 'interrupted':
      return `${translate('Interrupted')} · ${counts}`;
    case 'ended': {
      const time =
        run.startedAt === undefined || run.finishedAt === undefined ? '' : ` · ${formatSeconds((run.finishedAt - run.startedAt) / 1000)}`;
      // The other outcomes' reasons say no more than the figures below.
      const reason = run.outcome === 'failed' && run.reason !== '' ? ` · ${run.reason}` : '';
      return nodes.length === 0 ? outcomeName(run.outcome) : `${outcomeName(run.outcome)} · ${counts}${time}${reason}`;
    }
  }
}

function outcomeName(outcome: RunFinished['outcome'] | undefined): string {
  switch (outcome) {
    case 'done':
      return translate('Done');
    // The run failed before its first event.
    case undefined:
    case 'failed':
      return translate('Failed');
    case 'cancelled':
      return translate('Cancelled');
    case 'targets-missed':
      return translate('Finished; no leaf meets the targets');
  }
}
