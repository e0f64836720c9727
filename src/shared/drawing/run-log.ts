/** A run as a log: its messages and the results of its nodes, in the order of time. */
import type { LogLine } from '../events.ts';
import type { ModelState, RunState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import type { TreeNode } from '../tree.ts';
import { statusOf, describeStatus } from './node-status.ts';
import { formatSeconds } from './format.ts';
import { rangeTestText } from './range-test-text.ts';
import { nodeTitle } from './technique-names.ts';
import type { Translate } from './translate.ts';

export interface RunLogLine {
  /** Identifies the line, also when the list was cut at its start. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: LogLine['level'];
  readonly text: string;
  readonly model: string | undefined;
  readonly node: string | undefined;
}

export function runLog(state: RunState, translate: Translate): readonly RunLogLine[] {
  const nameOf: NameOf = (model, node) => `${state.models.length > 1 ? `${model} · ` : ''}${nodeTitle(node.title, translate)}`;
  const ends = state.models.flatMap((model) => [...model.nodes.values()].flatMap((node) => endOf(model, node, nameOf, translate)));
  return [...state.log.map((line) => said(line, state, nameOf)), ...ends].toSorted((a, b) => a.time - b.time);
}

/** Of a node, with its model where there are several. */
type NameOf = (model: string, node: TreeNode) => string;

function said(line: LogLine, state: RunState, nameOf: NameOf): RunLogLine {
  const model = state.models.find((candidate) => candidate.model === line.model);
  const node = model?.nodes.get(line.node ?? '')?.node;
  const place = model === undefined || node === undefined ? '' : `${nameOf(model.model, node)}: `;
  return {
    key: `log ${line.sequence}`,
    time: line.time,
    level: line.level,
    text: `${place}${line.message}`,
    model: line.model,
    node: line.node,
  };
}

function endOf(model: ModelState, result: NodeResult, nameOf: NameOf, translate: Translate): readonly RunLogLine[] {
  const { node, state, finishedAt, startedAt, metrics } = result;
  if (finishedAt === undefined) return [];
  const parts = [
    describeStatus(statusOf(result), translate),
    ...(state.kind === 'done' && state.cached ? [translate('done before')] : []),
    ...(state.kind === 'done' && !state.cached && startedAt !== undefined ? [formatSeconds((finishedAt - startedAt) / 1000)] : []),
    ...(state.kind === 'done' && metrics?.rangeTest !== undefined ? [rangeTestText(metrics.rangeTest, translate)] : []),
    ...(state.kind === 'failed' ? [state.message] : []),
    ...(state.kind === 'skipped' ? [state.reason] : []),
  ];
  return [
    {
      key: `end ${model.model} ${node.id} ${finishedAt}`,
      time: finishedAt,
      level: state.kind === 'failed' ? 'error' : state.kind === 'skipped' ? 'warning' : 'info',
      text: `${nameOf(model.model, node)}: ${parts.join(' · ')}`,
      model: model.model,
      node: node.id,
    },
  ];
}
