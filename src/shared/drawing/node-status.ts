/** The state of a node in words and as a symbol, the same in panel, sidebar, log and reports. */
import type { NodePhase } from '../events.ts';
import { briefFigures } from '../measure-figures.ts';
import type { NodeResult } from '../node-result.ts';
import type { NodeState, QueuedJob } from '../tree.ts';
import { missing } from './format.ts';
import type { Translate } from './translate.ts';

export interface NodeStatus {
  readonly state: NodeState;
  /** Beside the state of a finished node: its accuracy and size. */
  readonly result: string | undefined;
  /** What a running node does now. */
  readonly phase?: NodePhase | undefined;
}

/** With the figures of a finished node. */
export function statusOf({ state, metrics, phase }: NodeResult): NodeStatus {
  return { state, result: metrics && briefFigures(metrics), phase };
}

export function stateSymbol(state: NodeState): string {
  switch (state.kind) {
    case 'waiting':
      return '○';
    case 'running':
      return '◐';
    case 'done':
      return '✓';
    case 'failed':
      return '✗';
    case 'skipped':
      return '↷';
  }
}

export function describeStatus(status: NodeStatus, translate: Translate): string {
  const { state } = status;
  switch (state.kind) {
    case 'waiting':
      return state.notRun === true ? translate('not run') : describeWaiting(state.queued, translate);
    case 'running': {
      const done = describePhase(status.phase, state.fraction, translate);
      return state.host === undefined ? done : translate('{0} on {1}', done, state.host);
    }
    case 'done':
      return status.result ?? (state.cached ? translate('done before') : missing);
    case 'failed':
      return translate('failed');
    case 'skipped':
      return translate('skipped');
  }
}

function describeWaiting(queued: QueuedJob | undefined, translate: Translate): string {
  if (queued === undefined) return translate('waiting');
  const { job, reason } = queued;
  return reason === undefined ? translate('queued as job {0}', job) : translate('job {0}: {1}', job, reason);
}

/** With its percentage where it has one: what a phase has done is not what the node has done. */
function describePhase(phase: NodePhase | undefined, fraction: number, translate: Translate): string {
  const percent = Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
  if (phase === undefined) return percent > 0 ? translate('running {0}%', percent) : translate('starting');
  // Batch norms are estimated again and the best weights taken after the last step.
  if (phase === 'training' && percent === 100) return translate('finishing the training');
  const name = phaseName(phase, translate);
  return percent > 0 && percent < 100 ? translate('{0} {1}%', name, percent) : name;
}

export function phaseName(phase: NodePhase, translate: Translate): string {
  switch (phase) {
    case 'loading':
      return translate('loading');
    case 'training':
      return translate('training');
    case 'finding-rate':
      return translate('finding the learning rate');
    case 'calibrating':
      return translate('calibrating');
    case 'converting':
      return translate('writing the .tflite');
    case 'evaluating':
      return translate('measuring the network');
    case 'measuring':
      return translate('measuring the .tflite');
    case 'latency':
      return translate('measuring latency');
    case 'certifying':
      return translate('certifying');
  }
}
