/**
 * The state of a run as a pure function of its events. Panel, sidebar, CodeLenses, CLI and reports all go through
 * this reducer, so that they never disagree and any of them can start from `events.jsonl` alone.
 */
import type { LogLine, RunEvent, RunFinished, TrainingProgress } from './events.ts';
import { beforeOf, endNode, isOpen, type NodeResult, runAgain, waitingNode } from './node-result.ts';
import type { Targets } from './recipe/targets.ts';
import type { CurvePoint } from './results.ts';
import { flattenTree } from './tree.ts';
import type { TreeNode } from './tree.ts';

/** Live curves longer than this lose every other point; a plot has fewer pixels. */
export const LONGEST_CURVE = 1_000;
/** Earlier lines are dropped. */
export const LONGEST_LOG = 1_000;

export interface RunState {
  /** Undefined before the first event. */
  readonly runId: string | undefined;
  readonly recipe: string;
  readonly espalier: string;
  readonly engine: string;
  readonly runtime: string;
  readonly machine: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined;
  /** Start of this run or of its resumption. */
  readonly begunAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** Time of the latest event. */
  readonly updatedAt: number | undefined;
  /** Undefined while the run goes on (or was killed). */
  readonly outcome: RunFinished['outcome'] | undefined;
  readonly reason: string;
  readonly models: readonly ModelState[];
  readonly log: readonly LogLine[];
}

export interface ModelState {
  readonly model: string;
  readonly tree: TreeNode;
  /** Every node of the tree, parents before children. */
  readonly nodes: ReadonlyMap<string, NodeResult>;
  /** Of a search from budgets: what its files must reach. */
  readonly budgets?: readonly BudgetResult[] | undefined;
}

export interface BudgetResult {
  readonly limits: Targets;
  /** The node that the search has chosen, by validation examples; undefined until it ends. */
  readonly node: string | undefined;
}

export const emptyRunState: RunState = {
  runId: undefined,
  recipe: '',
  espalier: '',
  engine: '',
  runtime: '',
  machine: '',
  startedAt: undefined,
  begunAt: undefined,
  finishedAt: undefined,
  updatedAt: undefined,
  outcome: undefined,
  reason: '',
  models: [],
  log: [],
};

export function reduceRun(state: RunState, event: RunEvent): RunState {
  const current = { ...state, updatedAt: event.time };
  switch (event.type) {
    case 'run-started':
      return {
        ...emptyRunState,
        runId: event.runId,
        recipe: event.recipe,
        espalier: event.espalier,
        engine: event.engine,
        runtime: event.runtime,
        machine: event.machine,
        startedAt: event.time,
        begunAt: event.time,
        updatedAt: event.time,
        models: event.models.map(({ model, tree }) => ({
          model,
          tree,
          nodes: nodesOf(tree, new Map()),
          budgets: event.budgets?.map((limits) => ({ limits, node: undefined })),
        })),
      };
    case 'run-resumed':
      return {
        ...current,
        engine: event.engine,
        runtime: event.runtime,
        machine: event.machine,
        begunAt: event.time,
        finishedAt: undefined,
        outcome: undefined,
        reason: '',
        models: state.models.map((model) => ({ ...model, nodes: mapNodes(model.nodes, runAgain) })),
      };
    case 'tree-grown':
      return {
        ...current,
        models: state.models.map((model) =>
          model.model === event.model ? { ...model, tree: event.tree, nodes: nodesOf(event.tree, model.nodes) } : model,
        ),
      };
    case 'node-queued':
      return changeNode(current, event, (node) => ({
        ...waitingNode(node.node, node.parent),
        state: { kind: 'waiting', queued: { job: event.job, reason: event.reason } },
        job: event.job,
        before: beforeOf(node),
      }));
    case 'node-started':
      return changeNode(current, event, (node) => ({
        ...waitingNode(node.node, node.parent),
        state: { kind: 'running', fraction: 0, host: event.host },
        job: event.job ?? node.job,
        startedAt: event.time,
        before: beforeOf(node),
      }));
    case 'node-progress':
      return changeNode(current, event, (node) => ({
        ...node,
        state: { kind: 'running', fraction: event.fraction, host: node.state.kind === 'running' ? node.state.host : undefined },
        phase: event.phase,
        training: event.training,
        curve: event.training === undefined ? node.curve : extendCurve(node.curve, event.training),
      }));
    case 'node-finished':
      return changeNode(current, event, (node) => ({
        ...node,
        before: undefined,
        state: { kind: 'done', cached: event.cached },
        phase: undefined,
        training: undefined,
        curve: event.metrics.curve,
        metrics: event.metrics,
        densities: event.densities,
        profile: event.profile,
        tflite: event.tflite,
        finishedAt: event.time,
      }));
    case 'node-failed':
      return changeNode(current, event, (node) => ({
        ...node,
        state: { kind: 'failed', message: event.message, cause: event.cause },
        phase: undefined,
        training: undefined,
        finishedAt: event.time,
      }));
    case 'node-skipped':
      return changeNode(current, event, (node) => ({
        ...waitingNode(node.node, node.parent),
        state: { kind: 'skipped', reason: event.reason },
        finishedAt: event.time,
      }));
    case 'log':
      return { ...current, log: [...state.log.slice(1 - LONGEST_LOG), event] };
    case 'run-finished':
      return {
        ...current,
        finishedAt: event.time,
        outcome: event.outcome,
        reason: event.reason,
        models: state.models.map((model) => ({
          ...model,
          nodes: mapNodes(model.nodes, endNode),
          budgets: model.budgets?.map(({ limits }, place) => ({
            limits,
            node: event.chosen?.find(({ model: name, budget }) => name === model.model && budget === place)?.node,
          })),
        })),
      };
  }
}

export function reduceEvents(events: Iterable<RunEvent>): RunState {
  let state = emptyRunState;
  for (const event of events) state = reduceRun(state, event);
  return state;
}

/** Views read the state many times a second, and of all runs. */
const interruptedRuns = new WeakMap<RunState, RunState>();

/** The state of a run whose process is gone: nodes without a result were not run. The same object for the same state. */
export function interruptRun(state: RunState): RunState {
  const known = interruptedRuns.get(state);
  if (known !== undefined) return known;
  const models = state.models.map((model) =>
    [...model.nodes.values()].some(isOpen) ? { ...model, nodes: mapNodes(model.nodes, endNode) } : model,
  );
  const interrupted = { ...state, models };
  interruptedRuns.set(state, interrupted);
  return interrupted;
}

/** The nodes from the root to `id`, both included; empty when the tree has no such node. */
export function pathTo(model: ModelState, id: string): readonly NodeResult[] {
  const path: NodeResult[] = [];
  for (let node = model.nodes.get(id); node !== undefined; node = node.parent === undefined ? undefined : model.nodes.get(node.parent)) {
    path.unshift(node);
  }
  return path;
}

function nodesOf(tree: TreeNode, known: ReadonlyMap<string, NodeResult>): ReadonlyMap<string, NodeResult> {
  return new Map(
    flattenTree(tree).map(({ node, parent }) => {
      const before = known.get(node.id);
      return [node.id, before === undefined ? waitingNode(node, parent?.id) : { ...before, node }];
    }),
  );
}

function mapNodes(nodes: ReadonlyMap<string, NodeResult>, change: (node: NodeResult) => NodeResult): ReadonlyMap<string, NodeResult> {
  return new Map([...nodes].map(([id, node]) => [id, change(node)]));
}

function changeNode(
  state: RunState,
  event: { readonly model: string; readonly node: string },
  change: (node: NodeResult) => NodeResult,
): RunState {
  return {
    ...state,
    models: state.models.map((model) => {
      const node = model.model === event.model ? model.nodes.get(event.node) : undefined;
      return node === undefined ? model : { ...model, nodes: new Map(model.nodes).set(event.node, change(node)) };
    }),
  };
}

function extendCurve(curve: readonly CurvePoint[], training: TrainingProgress): readonly CurvePoint[] {
  const point = { step: training.step, loss: training.loss, accuracy: training.accuracy };
  const kept = curve.length < LONGEST_CURVE ? curve : curve.filter((_, index) => index % 2 === 0);
  return [...kept, point];
}
