import { appendFileSync, closeSync, copyFileSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync } from 'node:fs';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import { requireRegularFileSync } from '../../regular-file.ts';
import type { RunEvent, RunEventBody } from '../../../shared/events.ts';
import { toFileError, hasCode } from './atomic-files.ts';
import { digestBytes } from './digest.ts';

/** What a log file holds, as far as it is as it was written. */
export interface EventLogPart {
  readonly events: readonly RunEvent[];
  /** Bytes of the log up to here, which is the end of a line. */
  readonly end: number;
}

interface CheckedPart extends EventLogPart {
  /** Number of the first line, of those read, that is not as it was written; events are those before it. */
  readonly damagedLine: number | undefined;
  /** Digest of all lines so far, which the next one continues. */
  readonly check: string;
}

/**
 * The events of a run, one JSON object a line, whose last field is a digest of the line and those before it. A process
 * that is killed leaves at most its last line unfinished, which does not count.
 *
 * @param from 0, or the `end` of an earlier part
 */
export function readEventLog(file: string, from = 0): CheckedPart {
  // The first line's digest continues the one of the line before it.
  const start = Math.max(0, from - CHECK_BYTES);
  const bytes = readBytes(file, start);
  const before = from === 0 ? '' : checkPattern.exec(bytes.subarray(0, CHECK_BYTES).toString('latin1').trimEnd())?.[1];
  let end = from;
  const events: RunEvent[] = [];
  if (before === undefined) return { events, end, damagedLine: bytes.length === 0 ? undefined : 1, check: '' };
  let check = before;
  // Line by line: the log of a run of days may be longer than a text can be.
  for (let at = from - start; ;) {
    const length = bytes.indexOf(newline, at) - at;
    if (length < 0) return { events, end, damagedLine: undefined, check };
    if (length === 0) {
      at++;
      continue;
    }
    const read: CheckedLine | undefined = length > LONGEST_LINE ? undefined : readLine(bytes.toString('utf8', at, at + length), check);
    if (read === undefined) return { events, end, damagedLine: events.length + 1, check };
    events.push(read.event);
    check = read.check;
    at += length + 1;
    end += length + 1;
  }
}

/** @throws EspalierError `file-access` for a damaged log */
export function readEvents(file: string): readonly RunEvent[] {
  return readEventsFrom(file, 0).events;
}

/**
 * The events after the first `from` bytes of the log.
 *
 * @param from 0, or the `end` of an earlier part
 * @throws EspalierError `file-access` where this part is damaged
 */
export function readEventsFrom(file: string, from: number): EventLogPart {
  const { events, end, damagedLine } = readEventLog(file, from);
  if (damagedLine === undefined) return { events, end };
  const run = path.basename(path.dirname(file));
  throw new EspalierError('file-access', `line ${damagedLine}${from === 0 ? '' : ` after byte ${from}`} is damaged`, {
    where: file,
    fix: `\`espalier run --resume ${run}\` goes on from what is intact, \`espalier clean ${run}\` deletes the run`,
  });
}

const newline = 0x0a;
const CHECK_LENGTH = 16;
/** Far above what is written, and below what a text can be. */
const LONGEST_LINE = 2 ** 28;
const checkPattern = /,"check":"([0-9a-f]{16})"\}$/;
/** Of the end of a line, from the comma on. */
const CHECK_BYTES = ',"check":""}\n'.length + CHECK_LENGTH;

/** @param before check of the line before, or nothing for the first one */
export function encodeEvent(event: RunEvent, before: string): { readonly line: string; readonly check: string } {
  const text = JSON.stringify(event);
  const check = checkOf(before, text);
  return { line: `${text.slice(0, -1)},"check":"${check}"}\n`, check };
}

function checkOf(before: string, line: string): string {
  return digestBytes(before, line).slice(0, CHECK_LENGTH);
}

interface CheckedLine {
  readonly event: RunEvent;
  readonly check: string;
}

function readLine(text: string, before: string): CheckedLine | undefined {
  const match = checkPattern.exec(text);
  const check = match?.[1];
  if (match === null || check === undefined) return undefined;
  const line = `${text.slice(0, match.index)}}`;
  if (checkOf(before, line) !== check) return undefined;
  // As it was written, so it is an event.
  const event: RunEvent = JSON.parse(line);
  return { event, check };
}

/** Appends events and passes each to the listener. */
export class EventLog {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #follow: (event: RunEvent) => void;
  readonly #now: () => number;
  #sequence: number;
  /** Of whole lines. */
  #bytes: number;
  #check: string;
  #isClosed = false;
  /** Number of the line from which on the file was damaged when it was opened. */
  readonly damagedLine: number | undefined;

  /**
   * Continues after the existing events. An unfinished last line is cut off, and so is everything from a damaged line
   * on; the damaged part is kept in a file beside it.
   */
  constructor(file: string, follow: (event: RunEvent) => void, now: () => number = Date.now) {
    this.#file = file;
    this.#follow = follow;
    this.#now = now;
    const { events, damagedLine, end, check } = readEventLog(file);
    this.#sequence = events.reduce((next, { sequence }) => Math.max(next, sequence + 1), 0);
    this.#bytes = end;
    this.#check = check;
    this.damagedLine = damagedLine;
    try {
      if (damagedLine !== undefined) keepDamaged(file);
      this.#descriptor = openSync(file, 'a+');
      ftruncateSync(this.#descriptor, this.#bytes);
    } catch (error) {
      throw toFileError(file, error);
    }
  }

  /** @throws EspalierError `file-access` when the disk is full, for all that is not mere progress */
  append(body: RunEventBody): RunEvent {
    if (this.#isClosed) throw new Error('the log is closed');
    const event = this.#next(body);
    try {
      this.#write(event);
    } catch (error) {
      // What was written of the line would run into the next one.
      ftruncateSync(this.#descriptor, this.#bytes);
      if (event.type !== 'node-progress') throw toFileError(this.#file, error);
    }
    this.#follow(event);
    return event;
  }

  /** Passes an event to the listener without storing it: for the last event when nothing can be written any more. */
  notify(body: RunEventBody): void {
    this.#follow(this.#next(body));
  }

  #next(body: RunEventBody): RunEvent {
    return { ...body, time: this.#now(), sequence: this.#sequence++ };
  }

  #write(event: RunEvent): void {
    const { line: text, check } = encodeEvent(event, this.#check);
    const line = Buffer.from(text);
    appendFileSync(this.#descriptor, line);
    // Progress may be lost with the machine; what a resumed run builds on must not be.
    if (event.type !== 'node-progress') fsyncSync(this.#descriptor);
    this.#bytes += line.length;
    this.#check = check;
  }

  close(): void {
    // The system gives the same number to the next file that is opened.
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }
}

/** Keeps a copy of the damaged part for inspection. */
function keepDamaged(file: string): void {
  const kept = path.join(path.dirname(file), damagedEventsFile);
  copyFileSync(file, `${kept}.tmp`);
  renameSync(`${kept}.tmp`, kept);
}

/** In the folder of a run whose log was damaged before it was resumed. */
export const damagedEventsFile = 'events.damaged.jsonl';

/** Empty where the file is not there, or not that long. */
function readBytes(file: string, from: number): Buffer {
  let descriptor: number;
  try {
    requireRegularFileSync(file);
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return Buffer.alloc(0);
    throw toFileError(file, error);
  }
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, from + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    throw toFileError(file, error);
  } finally {
    closeSync(descriptor);
  }
}
