/** What a run does now, in words: how far it is, how long it takes, what runs and how fast. */
import type { ModelState, RunState } from '../run-state.ts';
import { formatCount, formatDuration } from './format.ts';
import { describeStatus, statusOf } from './node-status.ts';
import { nodeTitle } from './technique-names.ts';
import { timeLeft, type EarlierTimes } from './time-left.ts';
import type { Translate } from './translate.ts';

/** `4 of 12 nodes done · 1 min 20 s · about 3 min left` */
export function describeProgress(run: RunState, now: number, earlier: EarlierTimes | undefined, translate: Translate): string {
  const nodes = run.models.flatMap((model) => [...model.nodes.values()]);
  const done = nodes.filter(({ state }) => state.kind === 'done').length;
  const left = timeLeft(run, now, earlier);
  return [
    translate('{0} of {1} nodes done', done, nodes.length),
    ...(run.begunAt === undefined ? [] : [translate('{0} so far', formatDuration((now - run.begunAt) / 1000))]),
    ...(left === undefined ? [] : [describeTimeLeft(run, formatDuration(left), translate)]),
  ].join(' · ');
}

/** The next round of a search has no nodes yet. */
function describeTimeLeft({ models }: RunState, time: string, translate: Translate): string {
  const isSearch = models.some(({ budgets }) => budgets !== undefined);
  return isSearch ? translate('about {0} left of this round', time) : translate('about {0} left', time);
}

/** One line for each node at work: `QAT, pruned model: training 43%, step 120 of 280, 12,000 examples a second`. */
export function describeRunning(run: RunState, translate: Translate): readonly string[] {
  return run.models.flatMap((model) => [
    ...searchNow(model, translate),
    ...[...model.nodes.values()]
      .filter(({ state }) => state.kind === 'running')
      .map((result) => {
        const { node, training } = result;
        const name = `${run.models.length > 1 ? `${model.model} · ` : ''}${nodeTitle(node.title, translate)}`;
        const parts = [
          describeStatus(statusOf(result), translate),
          ...(training === undefined || training.step >= training.steps
            ? []
            : [
                translate('step {0} of {1}', training.step, training.steps),
                translate('{0} examples a second', formatCount(Math.round(training.examplesPerSecond))),
              ]),
        ];
        return `${name}: ${parts.join(', ')}`;
      }),
  ]);
}

/** A search from budgets also works between nodes, where no node could say so. */
function searchNow({ budgets, nodes, tree }: ModelState, translate: Translate): readonly string[] {
  const states = [...nodes.values()].map(({ state }) => state);
  if (budgets === undefined || states.some(({ kind }) => kind !== 'done' && kind !== 'failed' && kind !== 'skipped')) return [];
  return [
    tree.children.length === 0
      ? translate('Search: measuring how much each layer suffers from each choice')
      : translate('Search: comparing candidates on validation examples'),
  ];
}
