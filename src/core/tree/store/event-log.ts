import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { EspalierError } from '../../errors.ts';
import type { RunEvent, RunEventBody } from '../../../shared/events.ts';
import { explained, hasCode } from './atomic-files.ts';

const newline = 0x0a;

export interface EventLogPart {
  readonly events: readonly RunEvent[];
  /** Bytes of the log up to here, which is the end of a line. */
  readonly end: number;
}

/** The events of a run, one JSON object a line. A process that is killed leaves at most its last line unfinished. */
export function readEvents(file: string): readonly RunEvent[] {
  return readEventsFrom(file, 0).events;
}

/**
 * The events after the first `from` bytes of the log.
 *
 * @param from 0, or the `end` of an earlier part
 */
export function readEventsFrom(file: string, from: number): EventLogPart {
  const bytes = readBytes(file, from);
  const length = bytes.lastIndexOf(newline) + 1;
  const events: RunEvent[] = [];
  for (const line of bytes.subarray(0, length).toString('utf8').split('\n')) {
    if (line === '') continue;
    try {
      const event: RunEvent = JSON.parse(line);
      events.push(event);
    } catch (cause) {
      throw new EspalierError('file-access', `line ${events.length + 1}${from === 0 ? '' : ` after byte ${from}`} is not an event`, {
        where: file,
        cause,
        fix: 'the run is damaged; delete it with `espalier clean`',
      });
    }
  }
  return { events, end: from + length };
}

/** Appends events, and hands each to whoever follows the run. */
export class EventLog {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #follow: (event: RunEvent) => void;
  readonly #now: () => number;
  #sequence: number;
  /** Of whole lines. */
  #bytes: number;

  /** Goes on after what the file holds already; an unfinished last line is cut off. */
  constructor(file: string, follow: (event: RunEvent) => void, now: () => number = Date.now) {
    this.#file = file;
    this.#follow = follow;
    this.#now = now;
    const { events, end } = readEventsFrom(file, 0);
    this.#sequence = events.reduce((next, { sequence }) => Math.max(next, sequence + 1), 0);
    this.#bytes = end;
    this.#descriptor = openSync(file, 'a+');
    ftruncateSync(this.#descriptor, this.#bytes);
  }

  /** @throws EspalierError `file-access` when the disk is full, for all that is not mere progress */
  append(body: RunEventBody): RunEvent {
    const event = this.#next(body);
    try {
      this.#write(event);
    } catch (error) {
      // What was written of the line would run into the next one.
      ftruncateSync(this.#descriptor, this.#bytes);
      if (event.type !== 'node-progress') throw explained(this.#file, error);
    }
    this.#follow(event);
    return event;
  }

  /** Told to those who follow, but not kept: the last word where nothing more can be written. */
  tell(body: RunEventBody): void {
    this.#follow(this.#next(body));
  }

  #next(body: RunEventBody): RunEvent {
    return { ...body, time: this.#now(), sequence: this.#sequence++ };
  }

  #write(event: RunEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    appendFileSync(this.#descriptor, line);
    // Progress may be lost with the machine; what a resumed run builds on must not be.
    if (event.type !== 'node-progress') fsyncSync(this.#descriptor);
    this.#bytes += line.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Empty where the file is not there, or not that long. */
function readBytes(file: string, from: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
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
  } finally {
    closeSync(descriptor);
  }
}
