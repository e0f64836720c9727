/** The log of events on a disk that fills up in the middle of a line. */
import type * as FileSystem from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EventLog, readEvents } from '../../../src/core/tree/store/event-log.ts';
import type { RunEvent, RunEventBody } from '../../../src/shared/events.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    appendFileSync(file: number, bytes: Buffer) {
      fs.appendFileSync(file, disk.isFull ? bytes.subarray(0, 10) : bytes);
      if (disk.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
  };
});
afterEach(() => {
  disk.isFull = false;
});

const log = (message: string): RunEventBody => ({ type: 'log', level: 'info', message, model: undefined, node: undefined });
const progress: RunEventBody = { type: 'node-progress', model: 'm', node: 'n', phase: 'training', fraction: 0.5, training: undefined };

describe('a full disk', () => {
  it('is told, leaves no half line behind, and the log goes on once there is space', () => {
    const file = path.join(temporaryFolder(), 'events.jsonl');
    const followed: RunEvent[] = [];
    const events = new EventLog(file, (event) => followed.push(event));
    events.append(log('first'));
    disk.isFull = true;
    expect(() => events.append(log('lost'))).toThrow(/events\.jsonl: the disk is full; free some space/);
    // Progress is not worth a failed stage: it is shown, but not kept.
    events.append(progress);
    disk.isFull = false;
    events.append(log('second'));
    events.close();
    expect(readEvents(file)).toMatchObject([{ message: 'first' }, { message: 'second' }]);
    expect(followed.map(({ type }) => type)).toEqual(['log', 'node-progress', 'log']);
  });
});
