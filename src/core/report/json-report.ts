import { omit } from '../../shared/omit.ts';
import { REPORT_VERSION } from '../../shared/run-report.ts';
import type { NodeReport, RunReport } from '../../shared/run-report.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';

/** The run as data: every node with its state and metrics, as `schemas/report.schema.json` describes it. */
export function jsonReport(state: RunState): string {
  const { runId = '', recipe, espalier, engine, runtime, machine, startedAt, finishedAt, outcome, reason } = state;
  const report: RunReport = {
    version: REPORT_VERSION,
    runId,
    recipe,
    espalier,
    engine,
    runtime,
    machine,
    startedAt,
    finishedAt,
    outcome,
    reason,
    models: state.models.map(({ model, nodes }) => ({ model, nodes: [...nodes.values()].map(nodeReport) })),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function nodeReport({ node, parent, state, metrics, tflite }: NodeResult): NodeReport {
  return {
    ...omit(node, 'children'),
    parent,
    state,
    tflite,
    metrics: metrics && omit(metrics, 'curve'),
  };
}
