import { appendFileSync, closeSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { EspalierError } from '../../errors.ts';
import type { RunEvent, RunEventBody } from '../../../shared/events.ts';
import { hasCode } from './atomic-files.ts';

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
  readonly #descriptor: number;
  readonly #follow: (event: RunEvent) => void;
  readonly #now: () => number;
  #sequence: number;

  /** Goes on after what the file holds already; an unfinished last line is cut off. */
  constructor(file: string, follow: (event: RunEvent) => void, now: () => number = Date.now) {
    this.#follow = follow;
    this.#now = now;
    this.#sequence = readEvents(file).reduce((next, { sequence }) => Math.max(next, sequence + 1), 0);
    const text = readText(file);
    this.#descriptor = openSync(file, 'a+');
    ftruncateSync(this.#descriptor, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
  }

  append(body: RunEventBody): RunEvent {
    const event: RunEvent = { ...body, time: this.#now(), sequence: this.#sequence++ };
    appendFileSync(this.#descriptor, `${JSON.stringify(event)}\n`);
    // Progress may be lost with the machine; what a resumed run builds on must not be.
    if (event.type !== 'node-progress') fsyncSync(this.#descriptor);
    this.#follow(event);
    return event;
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
