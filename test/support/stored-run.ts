/** A run's folder as the store writes it, of events that a test makes up. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { encodeEvent, readEventLog } from '../../src/core/tree/store/event-log.ts';
import { runFiles } from '../../src/core/tree/store/run-store.ts';
import { writeStoredRun, type IdentifiedRun } from '../../src/core/tree/stored-run.ts';
import type { RunEvent } from '../../src/shared/events.ts';

export async function writeRunFolder(
  folder: string,
  events: readonly RunEvent[],
  recipe: IdentifiedRun['recipe'] = { model: 'model.h5' },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const started = events.find((event) => event.type === 'run-started');
  const runId = started?.runId ?? path.basename(folder);
  await writeStoredRun(folder, { runId, path: started?.recipe ?? 'net.espalier.json', options: {}, recipe });
  appendEvents(path.join(folder, runFiles.events), events);
}

/** As a process writes them that works on the run. */
export function appendEvents(file: string, events: readonly RunEvent[]): void {
  let { check } = readEventLog(file);
  const lines: string[] = [];
  for (const event of events) {
    const encoded = encodeEvent(event, check);
    lines.push(encoded.line);
    check = encoded.check;
  }
  appendFileSync(file, lines.join(''));
}
