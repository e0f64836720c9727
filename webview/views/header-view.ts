import { formatSeconds } from '../../src/shared/drawing/format.ts';
import { describeProgress, describeRunning } from '../../src/shared/drawing/run-progress.ts';
import type { RunFinished } from '../../src/shared/events.ts';
import { button } from '../controls.ts';
import { element, setHidden, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';

const clockMilliseconds = 1_000;

/** Name, state and engine of the run, its buttons, and what the user should know. */
export function headerView(actions: PanelActions): View {
  const title = element('h1');
  const summary = element('p', { class: 'summary', role: 'status' });
  /** Not announced: it changes every second. */
  const clock = element('p', { class: 'clock' });
  const running = element('ul', { class: 'running-now' });
  const engine = element('p', { class: 'quiet' });
  const notice = element('p', { class: 'notice', role: 'alert', hidden: true });
  const cancel = button(translate('Cancel'), () => actions.act('cancel'), 'primary');
  const resume = button(translate('Resume'), () => actions.act('resume'), 'primary');
  const again = button(translate('Run Again'), () => actions.act('run-again'));
  const report = button(translate('Export Report'), () => actions.act('export-report'));
  const recipe = button(translate('Open Recipe'), () => actions.act('open-recipe'));
  let state: PanelState | undefined;
  let timer: number | undefined;
  /** The clock of the events may be that of another machine: what matters is how long ago the latest one came. */
  let latest = { updatedAt: 0, receivedAt: 0 };

  const tick = (): void => {
    if (state === undefined) return;
    const { run, status, earlier } = state;
    const isRunning = status.activity === 'running' && run.models.length > 0;
    setHidden(clock, !isRunning);
    setHidden(running, !isRunning);
    if (!isRunning) return;
    const now = latest.updatedAt + performance.now() - latest.receivedAt;
    setText(clock, describeProgress(run, now, earlier, translate));
    const lines = describeRunning(run, translate);
    while (running.children.length > lines.length) running.lastElementChild?.remove();
    for (const [index, line] of lines.entries()) {
      const shown = running.children[index] ?? running.appendChild(element('li'));
      setText(shown, line);
    }
  };
  return {
    element: element(
      'header',
      {},
      title,
      summary,
      clock,
      running,
      engine,
      notice,
      element('div', { class: 'buttons' }, cancel, resume, again, report, recipe),
    ),
    update(next) {
      state = next;
      const { activity } = next.status;
      const updatedAt = next.run.updatedAt ?? 0;
      if (updatedAt !== latest.updatedAt) latest = { updatedAt, receivedAt: performance.now() };
      setText(title, next.title);
      setText(summary, summarize(next));
      summary.classList.toggle('failed', activity === 'ended' && (next.run.outcome ?? 'failed') === 'failed');
      setText(engine, [next.run.engine, next.run.runtime, next.run.machine].filter((name) => name !== '').join(' · '));
      setText(notice, next.status.notice ?? '');
      setHidden(notice, next.status.notice === undefined);
      notice.classList.toggle('error', activity === 'ended' && next.run.models.length === 0);
      setHidden(cancel, activity !== 'running' && activity !== 'queued');
      setHidden(resume, activity !== 'interrupted');
      setHidden(again, activity !== 'ended');
      setHidden(report, activity !== 'ended' && activity !== 'interrupted');
      tick();
      if (activity === 'running') timer ??= window.setInterval(tick, clockMilliseconds);
      else {
        window.clearInterval(timer);
        timer = undefined;
      }
    },
  };
}

function summarize(state: PanelState): string {
  const { run, status } = state;
  const nodes = run.models.flatMap((model) => [...model.nodes.values()]);
  const count = (kind: string): number => nodes.filter((node) => node.state.kind === kind).length;
  const failed = count('failed');
  const counts = [
    translate('{0} of {1} nodes done', count('done'), nodes.length),
    ...(failed === 0 ? [] : [translate('{0} failed', failed)]),
  ].join(' · ');
  switch (status.activity) {
    case 'queued':
      return nodes.length === 0 ? translate('Preparing, or waiting for another run to end') : translate('Waiting for another run to end');
    case 'running':
      return nodes.length === 0 ? translate('Preparing: reading the model and its data') : translate('Running');
    case 'interrupted':
      return `${run.outcome === 'cancelled' ? translate('Cancelled') : translate('Interrupted')} · ${counts}`;
    case 'ended': {
      const time =
        run.startedAt === undefined || run.finishedAt === undefined ? '' : ` · ${formatSeconds((run.finishedAt - run.startedAt) / 1000)}`;
      return nodes.length === 0 ? outcomeName(run.outcome) : `${outcomeName(run.outcome)} · ${counts}${time}`;
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
      return translate('Finished; no file meets the targets');
  }
}
