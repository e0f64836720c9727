import { appendFileSync, closeSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { EspalierError } from '../../errors.ts';
import type { RunEvent, RunEventBody } from '../../../shared/events.ts';
import { explained, hasCode } from './atomic-files.ts';

/** The events of a run, one JSON object a line. A process that is killed leaves at most its last line unfinished. */
export function readEvents(file: string): readonly RunEvent[] {
  const text = readText(file);
  const events: RunEvent[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    try {
      const event: RunEvent = JSON.parse(line);
      events.push(event);
    } catch (cause) {
      throw new EspalierError('file-access', `line ${events.length + 1} is not an event`, {
        where: file,
        cause,
        fix: 'the run is damaged; delete it with `espalier clean`',
      });
    }
  }
  return events;
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
    this.#sequence = readEvents(file).reduce((next, { sequence }) => Math.max(next, sequence + 1), 0);
    const text = readText(file);
    this.#bytes = Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1));
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

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error) && error.code === 'ENOENT') return '';
    throw error;
  }
}
