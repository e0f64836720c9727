/** What a run knows of one node, and what becomes of it when it is started again, when its run ends and when that is resumed. */
import type { NodePhase, TrainingProgress } from './events.ts';
import type { HardwareProfile } from './hardware.ts';
import type { CurvePoint, DensityPlot, NodeMetrics } from './results.ts';
import type { NodeState, TreeNode } from './tree.ts';

export interface NodeResult {
  readonly node: TreeNode;
  readonly parent: string | undefined;
  readonly state: NodeState;
  /**
   * The node before it was started again: a finished node stays finished, even if the process dies while it looks up the
   * result.
   */
  readonly before: NodeResult | undefined;
  /** Id of its job, where a scheduler runs it. */
  readonly job: string | undefined;
  readonly phase: NodePhase | undefined;
  readonly training: TrainingProgress | undefined;
  /** Streams while the node trains; the node's own curve once it is finished. */
  readonly curve: readonly CurvePoint[];
  readonly metrics: NodeMetrics | undefined;
  readonly densities: readonly DensityPlot[];
  /** What the .tflite needs of a microcontroller, operator by operator. */
  readonly profile: HardwareProfile | undefined;
  /** Relative to the run folder. */
  readonly tflite: string | undefined;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

export function waitingNode(node: TreeNode, parent: string | undefined): NodeResult {
  return {
    node,
    parent,
    state: { kind: 'waiting' },
    before: undefined,
    job: undefined,
    phase: undefined,
    training: undefined,
    curve: [],
    metrics: undefined,
    densities: [],
    profile: undefined,
    tflite: undefined,
    startedAt: undefined,
    finishedAt: undefined,
  };
}

/** A node that was running, queued or waiting when its run ended has no result. */
export function endNode(node: NodeResult): NodeResult {
  if (!isOpen(node)) return node;
  return node.before ?? { ...waitingNode(node.node, node.parent), state: { kind: 'waiting', notRun: true } };
}

/** What a resumed run has no result of waits again, also what failed. */
export function runAgain(node: NodeResult): NodeResult {
  return node.state.kind === 'done' ? node : (node.before ?? waitingNode(node.node, node.parent));
}

export function isOpen(node: NodeResult): boolean {
  return isUnderWay(node) || (node.state.kind === 'waiting' && node.state.notRun !== true);
}

function isUnderWay({ state }: NodeResult): boolean {
  return state.kind === 'running' || (state.kind === 'waiting' && state.queued !== undefined);
}

/**
 * A finished node that is looked up again stays finished whatever the look-up gives. With a scheduler it is queued first
 * and starts later.
 */
export function beforeOf(node: NodeResult): NodeResult | undefined {
  if (node.state.kind === 'done') return node;
  return isUnderWay(node) ? node.before : undefined;
}
