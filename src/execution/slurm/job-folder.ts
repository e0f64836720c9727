/**
 * The files of a run's jobs, on the file system that all machines share.
 *
 * A network file system tells nobody of changes, so they are looked for: one listing of a folder shows which jobs have
 * started and ended, and only files of these are read.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { open, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasCode, withFileErrors, writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { isEndRecord, isJobEvent, isStartRecord, jobFiles } from '../job/job-request.ts';
import type { EndRecord, JobEvent, JobRequest, StartRecord } from '../job/job-request.ts';
import { isLedgerEntry } from './ledger.ts';
import type { LedgerEntry } from './ledger.ts';
import { parseChecked } from '../../shared/checked-json.ts';
import type { Guard } from '../../shared/checked-json.ts';

export interface NewEvents {
  readonly events: readonly JobEvent[];
  /** Where the next reading goes on. */
  readonly offset: number;
}

export interface JobFolder {
  /** Names of all records. */
  records(): Promise<ReadonlySet<string>>;
  /** Undefined where it is not there, or not whole yet. */
  startRecord(task: string): Promise<StartRecord | undefined>;
  endRecord(task: string): Promise<EndRecord | undefined>;
  events(task: string, offset: number): Promise<NewEvents>;
  ledger(): Promise<readonly LedgerEntry[]>;
  append(entry: LedgerEntry): void;
  /** Returns the path of the script. */
  writeSubmission(submission: number, request: JobRequest, script: (requestFile: string) => string): Promise<string>;
  /** Of a task's output, by its id in the scheduler. */
  logFile(job: string): string;
  lastLines(job: string): Promise<readonly string[]>;
}

/** Longer lines and more of them say no more. */
const MOST_LINES = 20;
const MOST_BYTES = 16_384;

export class RunJobFolder implements JobFolder {
  readonly #folder: string;

  constructor(runFolder: string) {
    this.#folder = runFolder;
  }

  get recordFolder(): string {
    return path.join(this.#folder, jobFiles.records);
  }

  get logFolder(): string {
    return path.join(this.#folder, jobFiles.logs);
  }

  async records(): Promise<ReadonlySet<string>> {
    try {
      return new Set(await readdir(this.recordFolder));
    } catch (error) {
      if (isMissing(error)) return new Set();
      throw error;
    }
  }

  startRecord(task: string): Promise<StartRecord | undefined> {
    return readChecked(path.join(this.recordFolder, jobFiles.started(task)), isStartRecord);
  }

  endRecord(task: string): Promise<EndRecord | undefined> {
    return readChecked(path.join(this.recordFolder, jobFiles.ended(task)), isEndRecord);
  }

  async events(task: string, offset: number): Promise<NewEvents> {
    const text = await readFrom(path.join(this.#folder, jobFiles.events, `${task}.jsonl`), offset);
    const whole = text.subarray(0, text.lastIndexOf('\n') + 1);
    return { events: checkedLines(whole, isJobEvent), offset: offset + whole.length };
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    return checkedLines(await readFrom(path.join(this.#folder, jobFiles.ledger), 0), isLedgerEntry);
  }

  append(entry: LedgerEntry): void {
    const file = path.join(this.#folder, jobFiles.ledger);
    mkdirSync(path.dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
  }

  async writeSubmission(submission: number, request: JobRequest, script: (requestFile: string) => string): Promise<string> {
    const requests = path.join(this.#folder, jobFiles.requests);
    await withFileErrors(requests, () => {
      for (const folder of [requests, this.recordFolder, this.logFolder]) mkdirSync(folder, { recursive: true });
      return Promise.resolve();
    });
    const requestFile = path.join(requests, `${submission}.json`);
    const scriptFile = path.join(requests, `${submission}.sh`);
    await writeFileAtomically(requestFile, JSON.stringify(request));
    await writeFileAtomically(scriptFile, script(requestFile));
    return scriptFile;
  }

  logFile(job: string): string {
    return path.join(this.logFolder, `${job}.log`);
  }

  async lastLines(job: string): Promise<readonly string[]> {
    const file = this.logFile(job);
    const size = await sizeOf(file);
    const text = (await readFrom(file, Math.max(0, size - MOST_BYTES))).toString('utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-MOST_LINES);
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const handle = await open(file);
    return (await handle.stat().finally(() => handle.close())).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** The rest of a file; nothing where there is no file. Opened anew each time: that is when a network file system looks. */
async function readFrom(file: string, offset: number): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
}

async function readChecked<T>(file: string, guard: Guard<T>): Promise<T | undefined> {
  try {
    return parseChecked(await readFile(file, 'utf8'), guard);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Lines that are what they should be: a job that is killed while it writes leaves half a line, and goes on behind it. */
function checkedLines<T>(text: Buffer, guard: Guard<T>): readonly T[] {
  return text
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const value = line === '' ? undefined : parseChecked(line, guard);
      return value === undefined ? [] : [value];
    });
}

function isMissing(error: unknown): boolean {
  return hasCode(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
