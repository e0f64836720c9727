/** What went wrong in a run, for the top of the panel and the sidebar: causes in words, never ids. */
import { causeOf, type FailureCause } from '../errors.ts';
import type { ModelState, RunState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export interface RunFailure extends FailureCause {
  /** Of the node, with its model where the run has several; empty where the run itself failed. */
  readonly title: string;
  readonly model: string | undefined;
  readonly node: string | undefined;
}

/** Nodes that failed or whose file is not what it must be, in the order of the tree; else why the run failed. */
export function runFailures(run: RunState, translate: Translate): readonly RunFailure[] {
  const nodes = run.models.flatMap((model) =>
    [...model.nodes.values()].flatMap((result) => {
      const cause = failureOf(result, translate);
      return cause === undefined
        ? []
        : [{ ...cause, title: titleOf(run, model, result, translate), model: model.model, node: result.node.id }];
    }),
  );
  if (nodes.length > 0 || run.outcome !== 'failed' || run.reason === '') return nodes;
  return [{ what: run.reason, title: '', model: undefined, node: undefined }];
}

/** Undefined for a node that has not failed. */
export function failureOf({ state, metrics }: NodeResult, translate: Translate): FailureCause | undefined {
  if (state.kind === 'failed') return state.cause ?? causeOf({ message: state.message, where: undefined, fix: undefined });
  const broken = metrics?.certificate?.checks.filter(({ passed }) => !passed) ?? [];
  const [first] = broken;
  if (state.kind !== 'done' || first === undefined) return undefined;
  return {
    what: translate('the certificate fails: {0} of {1} is {2}, expected {3}', first.property, first.layer, first.found, first.expected),
  };
}

function titleOf({ models }: RunState, { model }: ModelState, { node }: NodeResult, translate: Translate): string {
  return `${models.length > 1 ? `${model} · ` : ''}${nodeTitle(node.title, translate)}`;
}
