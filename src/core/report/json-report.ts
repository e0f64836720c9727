import { omit } from '../../shared/omit.ts';
import type { RunState } from '../../shared/run-state.ts';

export const REPORT_VERSION = 1;

/** The run as data: every node with its state and metrics. Densities and curves are in the run folder. */
export function jsonReport(state: RunState): string {
  const models = state.models.map((model) => ({
    model: model.model,
    nodes: [...model.nodes.values()].map(({ node, parent, state: nodeState, metrics, tflite }) => {
      return {
        ...omit(node, 'children'),
        parent,
        state: nodeState,
        tflite,
        ...(metrics === undefined ? {} : { metrics: omit(metrics, 'curve') }),
      };
    }),
  }));
  const { runId, recipe, espalier, engine, runtime, machine, startedAt, finishedAt, outcome, reason } = state;
  return `${JSON.stringify({ version: REPORT_VERSION, runId, recipe, espalier, engine, runtime, machine, startedAt, finishedAt, outcome, reason, models }, undefined, 2)}\n`;
}
