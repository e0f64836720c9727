/**
 * 10,000 stages as jobs of a simulated cluster, against what an Espalier host does in truth: the walk over the trees, the
 * arrays, the submissions, the watch over queue and folder, the events. Time is simulated, so days take seconds.
 *
 * `npm run bench -- slurm-scale [stages]`; `docs/scale.md` has what it prints.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRandom } from '../src/core/random.ts';
import { planTree } from '../src/core/tree/deployment-tree.ts';
import type { StagePlace } from '../src/core/tree/execution/executor.ts';
import { runRecipe } from '../src/core/tree/run-recipe.ts';
import { encodeEvent } from '../src/core/tree/store/event-log.ts';
import type { SlurmRun } from '../src/execution/slurm/slurm-run.ts';
import { EventHistory } from '../src/extension/runs/event-history.ts';
import type { RunEvent, RunEventBody } from '../src/shared/events.ts';
import { emptyRunState, reduceRun } from '../src/shared/run-state.ts';
import type { RunState } from '../src/shared/run-state.ts';
import { SimulatedSlurm, VirtualClock } from '../test/support/simulated-slurm.ts';
import { SimulatedExecutor } from './slurm-scale/simulated-executor.ts';
import { trainingSeconds } from './slurm-scale/training-seconds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A job starts a program, reads model and data, measures accuracy and writes a result, besides its training. */
const SECONDS_BESIDE_TRAINING = 20;
/** Of a hundred jobs, two lose their machine once. */
const LOST = 0.02;

interface Situation {
  readonly stages: number;
  readonly machines: number;
  /** Of the recipe: most jobs in the queue at once. */
  readonly mostJobs: number;
}

export async function run([stages = '10000']: readonly string[]): Promise<void> {
  setFlagsFromString('--expose-gc');
  const measured = trainingSeconds(readFileSync(path.join('docs', 'results.md'), 'utf8'));
  const mean = measured.reduce((sum, seconds) => sum + seconds, 0) / measured.length;
  console.log(
    `durations drawn from ${measured.length} measured trainings of docs/results.md (mean ${mean.toFixed(0)} s, longest ${Math.max(...measured)} s) and ${SECONDS_BESIDE_TRAINING} s beside them; ${100 * LOST}% of the jobs lose their machine once\n`,
  );
  for (const [machines, mostJobs] of [
    [100, 1_000],
    [1_000, 1_000],
    [10_000, 10_000],
  ] as const)
    await simulate({ stages: Number(stages), machines, mostJobs }, measured);
}

async function simulate({ stages, machines, mostJobs }: Situation, measured: readonly number[]): Promise<void> {
  const random = createRandom(0);
  const clock = new VirtualClock();
  const isTrained = new Map<string, boolean>();
  const slurm = new SimulatedSlurm(clock, {
    machines,
    endOf: ({ name }, restarts) => {
      const training = isTrained.get(name) === false ? 0 : (measured[Math.floor(random.next() * measured.length)] ?? 0);
      const milliseconds = 1_000 * (training + SECONDS_BESIDE_TRAINING);
      return restarts === 0 && random.next() < LOST ? { milliseconds: milliseconds / 2, how: 'lost' } : { milliseconds, how: 'done' };
    },
  });
  let step = 0;
  slurm.folder.progressOf = () => ({
    kind: 'progress',
    phase: 'training',
    fraction: 0.5,
    training: {
      step: ++step,
      steps: 1_000_000,
      epoch: 3,
      loss: 0.123456,
      accuracy: 0.98765,
      learningRate: 1e-4,
      examplesPerSecond: 1234.5,
      secondsLeft: 600,
    },
  });

  const tree = planTree();
  const models = Math.ceil(stages / tree.stages.size);
  const log = { lines: [] as string[], bytes: 0, check: '', sequence: 0 };
  const folder = await mkdtemp(path.join(os.tmpdir(), 'espalier-scale-'));
  const emit = (body: RunEventBody): void => {
    const { line, check } = encodeEvent({ ...body, sequence: log.sequence++, time: clock.now() }, log.check);
    log.check = check;
    log.bytes += line.length;
    log.lines.push(line);
  };
  emit({
    type: 'run-started',
    version: 1,
    runId: 'scale',
    recipe: 'scale.espalier.json',
    espalier: '0.1.0',
    engine: 'onnxruntime-node 1.30.0 (cpu, 4 threads)',
    runtime: 'LiteRT 2.5.3 (wasm)',
    machine: 'Slurm 22.05.8, simulated',
    models: Array.from({ length: models }, (_, index) => ({ model: `model-${index}`, tree: tree.root })),
  });
  const before = heap();
  let shared: SlurmRun | undefined;
  let submitted = 0;
  let mostHeap = before;
  const ended = runRecipe({
    models: Array.from({ length: models }, (_, index) => ({
      name: `model-${index}`,
      tree,
      dependencies: { model: `m${index}`, data: 'd', seed: 0, engine: 'e', runtime: 'r', code: 'c', latency: false, pack: 'off' as const },
      openExecutor: (place: StagePlace) => {
        const executor = new SimulatedExecutor({
          clock,
          slurm,
          model: place.model,
          mostJobs,
          run: shared,
          isTrained,
          submitted: () => submitted++,
        });
        shared = executor.run;
        return executor;
      },
    })),
    modelsAtOnce: true,
    rules: [],
    targets: undefined,
    untilTargets: false,
    runFolder: path.join(folder, 'run'),
    cacheFolder: path.join(folder, 'cache'),
    ignoreCache: false,
    signal: new AbortController().signal,
    emit,
  });
  const cpu = process.cpuUsage();
  let isOver = false;
  void ended.then(() => (isOver = true));
  let looked = 0;
  // Looking up results is true work, during which no simulated time should pass.
  while (submitted < models) await new Promise((resolve) => setImmediate(resolve));
  await clock.runUntil(() => {
    if (clock.now() - looked > HOUR / 4) {
      looked = clock.now();
      mostHeap = Math.max(mostHeap, process.memoryUsage().heapUsed - log.bytes);
    }
    return isOver;
  });
  const { outcome } = await ended;
  const { user, system } = process.cpuUsage(cpu);
  await rm(folder, { recursive: true, force: true });
  if (outcome !== 'done') throw new Error(`the run ended ${outcome}`);

  const minutes = clock.now() / MINUTE;
  const calls = (command: string): string => {
    const times = slurm.calls.filter((call) => call.command === command).map(({ at }) => at);
    return `${times.length} ${command}, ${(times.length / minutes).toFixed(1)} a minute, ${busiestMinute(times)} in the busiest`;
  };
  const { listings, names, files } = slurm.folder.asked;
  const ledger = slurm.folder.entries.reduce((sum, entry) => sum + JSON.stringify(entry).length + 1, 0);
  console.log(`${models * tree.stages.size} stages of ${models} models, ${machines} machines, at most ${mostJobs} jobs in the queue`);
  console.log(`  ends after ${(minutes / 60).toFixed(1)} h; up to ${slurm.mostRunning} jobs ran at once`);
  for (const command of ['sbatch', 'squeue', 'scontrol']) console.log(`  ${calls(command)}`);
  console.log(
    `  ${listings} listings of the run's folder, ${(listings / minutes).toFixed(1)} a minute, with ${(names / Math.max(1, listings)).toFixed(0)} names each; ${(files / minutes).toFixed(0)} files read a minute`,
  );
  console.log(`  events.jsonl: ${log.sequence} events, ${megabytes(log.bytes)}; ledger ${megabytes(ledger)}`);
  console.log(
    `  host: ${((user + system) / 1e6).toFixed(0)} s of processor time, the simulated cluster's included; heap at most ${megabytes(mostHeap - before)}`,
  );
  console.log(`  panel: ${panelMemory(log.lines)}\n`);
}

/** Of what the window keeps of a run: the state that the panel draws, and the events that a panel opened later is sent. */
function panelMemory(lines: readonly string[]): string {
  const before = heap();
  const history = new EventHistory();
  let state: RunState = emptyRunState;
  for (const line of lines) {
    const event = JSON.parse(line) as RunEvent;
    history.add(event);
    state = reduceRun(state, event);
  }
  const after = heap();
  return `${megabytes(after - before)} for the state of ${state.models.length} models and ${history.events.length} kept events`;
}

function busiestMinute(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? 0) >= MINUTE) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

function heap(): number {
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
