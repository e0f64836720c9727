import path from 'node:path';
import { readRun, type ReadRun } from '../../src/core/report/read-run.ts';
import { listRuns } from '../../src/core/tree/list-runs.ts';
import type { NodeMetrics } from '../../src/shared/results.ts';
import type { NodeResult } from '../../src/shared/node-result.ts';
import type { Study, StudyRun } from './studies.ts';

/**
 * Latest finished run of the recipe for each run that the study wants; those that were never made are left out.
 *
 * @param since milliseconds since 1970; runs that began before are of other code
 */
export async function finishedRuns(study: Study, folder: string, since: number): Promise<readonly ReadRun[]> {
  const recipe = path.resolve(folder, study.recipe);
  const runs: ReadRun[] = [];
  for (const { runFolder, outcome, recipe: of } of await listRuns(folder, () => false)) {
    if ((outcome !== 'done' && outcome !== 'targets-missed') || path.basename(of) !== path.basename(recipe)) continue;
    const run = await readRun(runFolder);
    if ((run.state.startedAt ?? 0) >= since) runs.push(run);
  }
  return runsOf(study).flatMap((wanted) => runs.find((run) => isRunOf(wanted, run)) ?? []);
}

export function runsOf(study: Study): readonly StudyRun[] {
  return study.runs ?? [{ seed: 0 }, { seed: 1 }, { seed: 2 }];
}

function isRunOf({ seed, nodes }: StudyRun, { recipe, state }: ReadRun): boolean {
  if ((recipe.seed ?? 0) !== seed) return false;
  return (nodes ?? []).every((node) => state.models.every((model) => model.nodes.has(node)));
}

/** Results of one node over the models and seeds of a study. */
export interface NodeSeries {
  readonly id: string;
  readonly title: string;
  readonly level: number;
  readonly isInteger: boolean;
  readonly results: readonly SeriesResult[];
}

export interface SeriesResult {
  /** The run and its model: two nodes whose results have the same origin have the same baseline and seed. */
  readonly origin: string;
  readonly metrics: NodeMetrics;
}

/** Every node of any run, in the order of the first tree that has it. */
export function seriesOf(runs: readonly ReadRun[]): readonly NodeSeries[] {
  const series = new Map<string, { readonly first: NodeResult; readonly results: SeriesResult[] }>();
  for (const [run, { state }] of runs.entries()) {
    for (const model of state.models) {
      for (const [id, result] of model.nodes) {
        if (result.metrics === undefined) continue;
        const entry = series.get(id) ?? { first: result, results: [] };
        entry.results.push({ origin: `${run} ${model.model}`, metrics: result.metrics });
        series.set(id, entry);
      }
    }
  }
  return [...series].map(([id, { first, results }]) => ({
    id,
    title: first.node.title,
    level: id === 'baseline' ? 0 : id.split('/').length,
    isInteger: first.node.precision === 'int8',
    results,
  }));
}
