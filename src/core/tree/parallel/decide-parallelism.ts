import { mkdir } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { isEspalierError } from '../../errors.ts';
import type { EngineChoice } from '../../../shared/recipe/run-options.ts';
import type { TreeNode } from '../../../shared/tree.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Environment } from '../environment.ts';
import type { Identity } from '../identity.ts';
import { withFileErrors } from '../store/atomic-files.ts';
import { digestOf } from '../store/digest.ts';
import { cacheFolder } from '../store/run-store.ts';
import { readSealedJson, writeSealedJson } from '../store/sealed-file.ts';
import { describeParallelism, fastestParallelism, parallelismCandidates } from './parallelism.ts';
import type { Parallelism, TimedParallelism } from './parallelism.ts';
import type { StageProcesses } from './stage-processes.ts';

export interface ParallelismQuestion {
  /** What the recipe fixes. */
  readonly asked: Pick<EngineChoice, 'threads' | 'processes'>;
  readonly cores: number;
  readonly freeBytes: number;
  readonly tree: TreeNode;
  readonly models: readonly string[];
  /** File that keeps the answer. Timed again it could differ, and earlier results could not be reused. */
  readonly file: string;
  /** None where stages run in this process alone. */
  readonly processes: StageProcesses | undefined;
  readonly report: (message: string) => void;
}

/** The data's cache may hold a gigabyte; the rest is for the runtime and the training. */
const BYTES_A_PROCESS = 1.5 * 2 ** 30;

/** In the cache, how many stages ran at once: kept, for results can be reused only with the same number of threads. */
export function parallelismFile(folder: string, identities: readonly Identity[], engine: Engine, { code }: Environment): string {
  const machine = { cores: availableParallelism(), processor: cpus()[0]?.model };
  const key = digestOf({ models: identities.map(({ model }) => model), engine: engine.description, code, machine });
  return path.join(cacheFolder(folder), `parallelism-${key.slice(0, 16)}.json`);
}

/** From the recipe, else from an earlier run, else from timing training steps of the models. */
export async function decideParallelism(question: ParallelismQuestion): Promise<Parallelism> {
  const { asked, cores, freeBytes, tree, file, processes, report: tell } = question;
  if (asked.threads !== undefined) return { threads: asked.threads, processes: processes === undefined ? 1 : (asked.processes ?? 1) };
  if (processes === undefined) return { processes: 1, threads: cores };
  if (asked.processes !== undefined) return { processes: asked.processes, threads: Math.max(1, Math.floor(cores / asked.processes)) };
  const known = await remembered(file);
  if (known !== undefined) return known;
  const candidates = parallelismCandidates(cores, tree, Math.floor(freeBytes / BYTES_A_PROCESS));
  const timed = candidates.length > 1 ? await timeAll(candidates, question.models, processes) : [];
  const chosen = fastestParallelism(tree, timed);
  if (chosen === undefined) return { processes: 1, threads: cores };
  tell(describeParallelism(chosen, timed));
  const answer: Parallelism = { processes: chosen.processes, threads: chosen.threads };
  try {
    await withFileErrors(file, () => mkdir(path.dirname(file), { recursive: true }));
    await writeSealedJson(file, answer);
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    tell(`the answer is not kept for the next run: ${error.message}`);
  }
  return answer;
}

/** Times of all models, added up. Undefined where a model cannot be trained: its stages report why. */
async function timeAll(
  candidates: readonly Parallelism[],
  models: readonly string[],
  processes: StageProcesses,
): Promise<readonly TimedParallelism[]> {
  try {
    const sums = candidates.map(() => 0);
    for (const model of models) {
      const times = await processes.timeSteps(model, candidates);
      times.forEach((milliseconds, index) => (sums[index] = (sums[index] ?? 0) + milliseconds));
    }
    return candidates.map((candidate, index) => ({ ...candidate, milliseconds: sums[index] ?? Number.NaN }));
  } catch (error) {
    if (isEspalierError(error)) return [];
    throw error;
  }
}

/** Undefined where the file is missing or damaged: then steps are timed again. */
async function remembered(file: string): Promise<Parallelism | undefined> {
  const answer = await readSealedJson(file, 'delete it').catch((error: unknown) => {
    if (!isEspalierError(error)) throw error;
    return undefined;
  });
  if (answer === undefined || !('processes' in answer) || !('threads' in answer)) return undefined;
  const { processes, threads } = answer;
  return typeof processes === 'number' && typeof threads === 'number' ? { processes, threads } : undefined;
}
