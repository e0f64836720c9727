/** Runs one stage in any process: reads the parent's result from the store and writes its own there. */
import { EspalierError } from '../../errors.ts';
import { rootId } from '../deployment-tree.ts';
import type { StageFiles, StageOutcome, StageRequest, StageRunner } from '../stages/stage-runner.ts';
import { stageStore } from '../store/run-store.ts';
import type { StageJob, StagePlace } from './executor.ts';
import { describeProcessor } from './machine.ts';

/** Callbacks of a running stage, the signal that cancels it, and what it shares with others. */
export type StageHooks = Pick<StageRequest, 'signal' | 'onProgress' | 'warn' | 'statistics'>;

/**
 * Runs a stage, unless another run has made its result in the meantime, and keeps the result.
 *
 * @param open opens model and data: only called when the stage has to be computed
 * @throws EspalierError `cancelled` when the signal aborts; `file-access` when a parent's result is not in the store
 */
export async function runStage(
  place: StagePlace,
  { entry: { node, parent }, stage, parentTrained, key, parentKey, rootKey }: StageJob,
  open: () => Promise<StageRunner>,
  { signal, onProgress, warn, statistics }: StageHooks,
): Promise<{ readonly outcome: StageOutcome; readonly cached: boolean }> {
  const { model, runFolder, cacheFolder, ignoreCache, rules } = place;
  throwIfCancelled(signal);
  const store = stageStore({ runFolder, cacheFolder, model, node: node.id, key, warn });
  const found = await store.find(ignoreCache);
  if (found !== undefined) return found;
  const run = await open();
  const warnings: string[] = [];
  const made = await run({
    node,
    stage,
    parentTrained,
    rules,
    signal,
    warn: (message) => {
      warnings.push(message);
      warn(message);
    },
    onProgress,
    checkpoint: store.checkpoint,
    statistics,
    parent: parent && (await filesOf(place, parent.id, parentKey, warn)),
    baseline: parent && (await filesOf(place, rootId, rootKey, warn)),
    whileOthersPause: (work) => work(),
  });
  throwIfCancelled(signal);
  const outcome = { ...made, metrics: { ...made.metrics, ...(warnings.length === 0 ? {} : { warnings }), processor: describeProcessor() } };
  await store.keep(outcome);
  return { outcome, cached: false };
}

async function filesOf(
  { runFolder, cacheFolder, model }: StagePlace,
  node: string,
  key: string | undefined,
  warn: (message: string) => void,
): Promise<StageFiles> {
  const found = key === undefined ? undefined : await stageStore({ runFolder, cacheFolder, model, node, key, warn }).find(false);
  if (found !== undefined) return found.outcome.files;
  throw new EspalierError('file-access', `the result of "${node}" is not in the run's folder`, {
    where: runFolder,
    fix: 'resume the run: what is missing is made again',
  });
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new EspalierError('cancelled', 'the run was cancelled');
}
