/** What stages have taken, and from that how long a job may take: a job with a limit starts earlier, where gaps are filled. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StageJob } from '../../core/tree/execution/executor.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { isArrayOf, isCount, isNumber, isObjectOf, isString, optional, parseChecked } from '../../shared/checked-json.ts';
import type { StepMeasurement } from '../job/job-request.ts';

export interface StageTime {
  /** Digest of the model's bytes. */
  readonly model: string;
  readonly technique: string;
  readonly threads: number;
  /** Of the whole job. */
  readonly seconds: number;
  readonly training?: StepMeasurement | undefined;
  /** What the recipe said of the training. */
  readonly asked: TrainingLength;
}

export interface TrainingLength {
  readonly epochs: number | undefined;
  readonly steps: number | undefined;
}

const TIMES_FILE = 'stage-times.json';
/** Of one model, technique and number of threads: the latest. */
const MOST_TIMES_OF_A_KIND = 5;
/** Machines differ, and one may be busy. */
const MARGIN = 3;
const LEAST_MINUTES = 10;

export interface ProposedStage extends Pick<StageTime, 'model' | 'technique' | 'threads' | 'asked'> {
  readonly isTrained: boolean;
}

/** Minutes for a stage; undefined where nothing like it was measured. */
export function proposeMinutes(times: readonly StageTime[], stage: ProposedStage): number | undefined {
  const ofModel = times.filter(({ model, threads }) => model === stage.model && threads === stage.threads);
  const same = ofModel.filter(({ technique }) => technique === stage.technique);
  // One trained stage takes about as long as another.
  const alike = same.length > 0 || !stage.isTrained ? same : ofModel.filter(({ training }) => training !== undefined);
  if (alike.length === 0) return undefined;
  const seconds = Math.max(...alike.map((time) => expectedSeconds(time, stage.asked)));
  return Math.max(LEAST_MINUTES, Math.ceil((MARGIN * seconds) / 60));
}

/** The measured steps stretched to what is asked now; what is not training stays as it was. */
function expectedSeconds({ seconds, training, asked: before }: StageTime, now: TrainingLength): number {
  if (training === undefined) return seconds;
  const measured = (training.steps * training.millisecondsAStep) / 1_000;
  return Math.max(0, seconds - measured) + measured * stretch(training, before, now);
}

function stretch({ steps }: StepMeasurement, before: TrainingLength, now: TrainingLength): number {
  if (now.steps !== undefined) return now.steps / steps;
  if (now.epochs !== undefined && before.epochs !== undefined && before.epochs > 0) return now.epochs / before.epochs;
  return 1;
}

export function lengthOf({ stage }: Pick<StageJob, 'stage'>): TrainingLength {
  const options: object = 'options' in stage ? stage.options : {};
  const number = (name: string): number | undefined => {
    const value: unknown = Reflect.get(options, name);
    return typeof value === 'number' ? value : undefined;
  };
  return { epochs: number('epochs'), steps: number('steps') };
}

/** Kept with the cache, whose results they are the price of. */
export class StageTimes {
  #times: Promise<readonly StageTime[]> | undefined;

  /** Nothing where the file is missing or damaged. */
  read(cacheFolder: string): Promise<readonly StageTime[]> {
    return (this.#times ??= readTimes(path.join(cacheFolder, TIMES_FILE)));
  }

  /** A proposal is not worth a failed run: where it cannot be written, the next run has none. */
  async add(cacheFolder: string, time: StageTime): Promise<void> {
    const before = await this.read(cacheFolder);
    const isSame = (other: StageTime): boolean =>
      other.model === time.model && other.technique === time.technique && other.threads === time.threads;
    const times = [...before.filter((other) => !isSame(other)), ...before.filter(isSame).slice(1 - MOST_TIMES_OF_A_KIND), time];
    this.#times = Promise.resolve(times);
    try {
      await mkdir(cacheFolder, { recursive: true });
      await writeFileAtomically(path.join(cacheFolder, TIMES_FILE), JSON.stringify(times));
    } catch {
      return;
    }
  }
}

async function readTimes(file: string): Promise<readonly StageTime[]> {
  try {
    return parseChecked(await readFile(file, 'utf8'), isArrayOf(isStageTime)) ?? [];
  } catch {
    return [];
  }
}

const isStageTime = isObjectOf<StageTime>({
  model: isString,
  technique: isString,
  threads: isCount,
  seconds: isNumber,
  training: optional(isObjectOf<StepMeasurement>({ steps: isCount, millisecondsAStep: isNumber })),
  asked: isObjectOf<TrainingLength>({ epochs: optional(isNumber), steps: optional(isNumber) }),
});
