/** The state of the page: the run's state, and what the user chose to look at. */
import type { ColumnKey } from '../src/shared/drawing/result-table.ts';
import type { Order } from '../src/shared/drawing/sorting.ts';
import type { EarlierTimes } from '../src/shared/drawing/time-left.ts';
import { bestLeaf } from '../src/shared/drawing/target-verdicts.ts';
import type { NegativeFlips, NotRecorded } from '../src/shared/negative-flips.ts';
import type { NodeOfModel, PanelCommand, PanelStatus } from '../src/shared/panel-protocol.ts';
import type { Targets } from '../src/shared/recipe/targets.ts';
import { emptyRunState } from '../src/shared/run-state.ts';
import type { ModelState, RunState } from '../src/shared/run-state.ts';
import type { NodeResult } from '../src/shared/node-result.ts';

export interface PanelState {
  readonly title: string;
  readonly run: RunState;
  readonly status: PanelStatus;
  readonly earlier: EarlierTimes | undefined;
  readonly targets: Targets;
  readonly model: string | undefined;
  readonly node: string | undefined;
  readonly kernel: string | undefined;
  readonly sort: Order<ColumnKey> | undefined;
  readonly curve: 'loss' | 'accuracy';
}

export const initialPanelState: PanelState = {
  title: '',
  run: emptyRunState,
  status: { activity: 'queued', notice: undefined, runFolder: undefined },
  targets: {},
  earlier: undefined,
  model: undefined,
  node: undefined,
  kernel: undefined,
  sort: undefined,
  curve: 'loss',
};

export function chosenModel(state: PanelState): ModelState | undefined {
  return state.run.models.find((model) => model.model === state.model) ?? state.run.models[0];
}

/** Many views ask for it in each draw. */
const chosenNodes = new WeakMap<PanelState, { readonly node: NodeResult | undefined }>();

/** The chosen node; until the user chooses one, the recommended one of a run that has ended, else the latest that runs or ended. */
export function chosenNode(state: PanelState): NodeResult | undefined {
  const known = chosenNodes.get(state);
  if (known !== undefined) return known.node;
  const node = chooseNode(state);
  chosenNodes.set(state, { node });
  return node;
}

function chooseNode(state: PanelState): NodeResult | undefined {
  const model = chosenModel(state);
  if (model === undefined) return undefined;
  const chosen = state.node === undefined ? undefined : model.nodes.get(state.node);
  if (chosen !== undefined) return chosen;
  const best = state.run.outcome === undefined ? undefined : bestLeaf(model, state.targets)?.leaf;
  if (best !== undefined) return best;
  const begun = [...model.nodes.values()].filter((node) => node.startedAt !== undefined && node.state.kind !== 'skipped');
  const latest = begun
    .toSorted((a, b) => (a.finishedAt ?? a.startedAt ?? 0) - (b.finishedAt ?? b.startedAt ?? 0))
    .findLast((node) => node.densities.length > 0);
  return latest ?? model.nodes.get(model.tree.id);
}

/** A part of the page. */
export interface View {
  readonly element: HTMLElement;
  /** Called at most once a frame. A part that takes longer than a frame has time for leaves some of it to `drawMore`. */
  update(state: PanelState): void;
  /** Draws some more of what `update` has left; false when nothing was left. */
  drawMore?(): boolean;
}

export interface PanelActions {
  change(part: Partial<PanelState>): void;
  /** Of a node of the chosen model, or of another one. Resolves when the host has done it. */
  act(command: PanelCommand, node?: NodeResult, model?: string): Promise<void>;
  /** Test examples that the trained model gets right and the node's file gets wrong. */
  findFlips(node: NodeOfModel): Promise<NegativeFlips | NotRecorded>;
  /** Resolves when it is in the clipboard. */
  copy(text: string): Promise<void>;
}
