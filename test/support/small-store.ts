/** A store with runs of a small tree, whose stages train nothing but give real files, each node its own. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { certify } from '../../src/core/measure/certify.ts';
import { kernelDensities } from '../../src/core/measure/density.ts';
import { allFileSizes } from '../../src/core/measure/file-sizes.ts';
import { weightMetrics } from '../../src/core/measure/weight-metrics.ts';
import { NetworkBuilder } from '../../src/core/network/network-builder.ts';
import { readTflite } from '../../src/core/tflite/read-tflite.ts';
import { writeTflite } from '../../src/core/tflite/write-tflite.ts';
import { planTree } from '../../src/core/tree/deployment-tree.ts';
import { runRecipe } from '../../src/core/tree/run-recipe.ts';
import type { StageOutcome, StageRequest } from '../../src/core/tree/stages/stage-runner.ts';
import { EventLog, readEventLog } from '../../src/core/tree/store/event-log.ts';
import { cacheFolder, runFiles, runsFolder } from '../../src/core/tree/store/run-store.ts';
import { encodeStructure } from '../../src/core/tree/store/structured-file.ts';
import { writeStoredRun } from '../../src/core/tree/stored-run.ts';
import { LocalExecutor } from '../../src/execution/local/local-executor.ts';
import type { NodeFinished, RunEvent } from '../../src/shared/events.ts';

export const smallTreeNodes = ['baseline', 'pruned'] as const;
const tree = planTree({ clustering: false, sparsityPreservingClustering: false, qat: false, ptq: false, pqat: false });

/** The node's weights tell the node, and so do all of its figures. */
export async function smallOutcome({ node, parent }: StageRequest): Promise<StageOutcome> {
  const seed = [...node.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const builder = new NetworkBuilder(node.id.replaceAll('/', '_'));
  const input = builder.input([4]);
  const data = Float32Array.from({ length: 8 + node.id.length * 4 }, (_, index) => (index % 2 === 0 ? 0 : (seed % 97) + index));
  const network = builder.build([
    builder.dense('dense', input, {
      kernel: { shape: [data.length / 4, 4], data },
      bias: { shape: [data.length / 4], data: new Float32Array(data.length / 4) },
    }),
  ]);
  const tflite = writeTflite({ kind: 'float', network });
  const file = readTflite(tflite);
  const expectations = parent === undefined ? undefined : { weights: [{ layer: 'dense', kernel: 0, zeros: data.length / 2 }] };
  const accuracy = { top1: 0.5 + seed / 10_000, top5: undefined, meanSquaredError: undefined, samples: 100, runtime: 'made up' };
  return {
    files: { model: encodeStructure({ id: node.id, parent: parent?.model ?? new Uint8Array(), data }), tflite },
    metrics: {
      simulated: accuracy,
      deployed: accuracy,
      sizes: await allFileSizes(tflite),
      latency: undefined,
      weights: weightMetrics(file),
      certificate: expectations && certify({ bytes: tflite, expectations }),
      trainingSeconds: 1,
      curve: [],
    },
    densities: kernelDensities(file),
    expectations,
  };
}

export interface SmallRun {
  readonly runFolder: string;
  readonly events: readonly RunEvent[];
  /** Ids of nodes that were computed, not found. */
  readonly made: readonly string[];
  readonly warnings: readonly string[];
  /** The last of each node. */
  readonly finished: ReadonlyMap<string, NodeFinished>;
}

/** Starts a run in a store, or goes on with one that is there. */
export async function smallRun(folder: string, runId: string, options: { readonly data?: string } = {}): Promise<SmallRun> {
  const runFolder = path.join(runsFolder(folder), runId);
  const log = await openLog(runFolder, runId);
  const made: string[] = [];
  await runRecipe({
    models: [
      {
        name: 'net',
        tree,
        dependencies: { model: 'm', data: options.data ?? 'd', seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: false, pack: 'off' },
        openExecutor: (place) =>
          new LocalExecutor({
            place,
            processes: 1,
            openRunner: () =>
              Promise.resolve((request) => {
                made.push(request.node.id);
                return smallOutcome(request);
              }),
          }),
      },
    ],
    rules: [],
    targets: undefined,
    untilTargets: false,
    runFolder,
    cacheFolder: cacheFolder(folder),
    ignoreCache: false,
    emit: (event) => void log.append(event),
    signal: new AbortController().signal,
  });
  log.close();
  const { events } = readEventLog(path.join(runFolder, runFiles.events));
  const finished = events.flatMap((event) => (event.type === 'node-finished' ? [[event.node, event] as const] : []));
  const warnings = events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));
  return { runFolder, events, made, warnings, finished: new Map(finished) };
}

async function openLog(runFolder: string, runId: string): Promise<EventLog> {
  const events = path.join(runFolder, runFiles.events);
  mkdirSync(runFolder, { recursive: true });
  const { events: earlier } = readEventLog(events);
  if (earlier.length === 0) {
    const recipe = { model: 'net.h5', data: { format: 'generated', set: 'digits' } } as const;
    await writeStoredRun(runFolder, { runId, path: 'net.espalier.json', options: {}, recipe });
  }
  const log = new EventLog(
    events,
    () => undefined,
    () => 1000,
  );
  const about = { engine: 'e', runtime: 'r', machine: 'm' };
  if (earlier.length > 0) log.append({ type: 'run-resumed', ...about });
  else
    log.append({
      type: 'run-started',
      version: 1,
      runId,
      recipe: 'net.espalier.json',
      espalier: '0',
      ...about,
      models: [{ model: 'net', tree: tree.root }],
    });
  return log;
}
