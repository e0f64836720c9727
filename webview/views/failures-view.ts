import { runFailures, type RunFailure } from '../../src/shared/drawing/run-failures.ts';
import { button } from '../controls.ts';
import { element, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import type { PanelActions, PanelState, View } from '../panel-state.ts';

/** So many failures are explained; a wrong recipe can make every node fail for one cause. */
const mostShown = 5;

/** What failed and why, how to mend it, and a way to run it again; hidden where nothing failed. */
export function failuresView(actions: PanelActions): View {
  const part = element('section', { id: 'failures', 'aria-label': translate('Failures'), role: 'alert', hidden: true });
  let shown = '';
  return {
    element: part,
    update(state) {
      const failures = runFailures(state.run, translate);
      const isOver = state.status.activity === 'ended' || state.status.activity === 'interrupted';
      const current = JSON.stringify([failures, isOver]);
      if (current === shown) return;
      shown = current;
      setHidden(part, failures.length === 0);
      part.replaceChildren(...draw(failures, isOver, state, actions));
    },
  };
}

function draw(failures: readonly RunFailure[], isOver: boolean, state: PanelState, actions: PanelActions): readonly HTMLElement[] {
  const more = failures.length - mostShown;
  const again = button(translate('Run Failed Nodes Again'), () => actions.act('run-failed-again'), 'primary');
  return [
    ...failures.slice(0, mostShown).map((failure) => drawFailure(failure, state, actions)),
    ...(more > 0 ? [element('p', {}, translate('and {0} more', more))] : []),
    ...(isOver ? [element('div', { class: 'buttons' }, again)] : []),
  ];
}

function drawFailure({ title, model, node, what, where, fix }: RunFailure, { run }: PanelState, actions: PanelActions): HTMLElement {
  const result = run.models.find((candidate) => candidate.model === model)?.nodes.get(node ?? '');
  const name =
    node === undefined
      ? [element('strong', {}, translate('The run failed'))]
      : [
          element('button', { type: 'button', class: 'link', onclick: () => actions.change({ model, node }) }, title),
          ` ${translate('failed')}`,
        ];
  return element(
    'div',
    { class: 'failure' },
    element('p', { class: 'cause' }, '✗ ', ...name, `: ${what}`),
    ...(where === undefined || where === '' ? [] : [element('p', { class: 'quiet' }, translate('Where: {0}', where))]),
    ...(fix === undefined || fix === '' ? [] : [element('p', {}, translate('To fix it: {0}', fix))]),
    element(
      'div',
      { class: 'buttons' },
      button(translate('Show in Recipe'), () => actions.act('show-in-recipe', result, model)),
      button(translate('Show Log'), () => actions.act('show-log')),
    ),
  );
}
