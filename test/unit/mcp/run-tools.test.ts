import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { RunTools } from '../../../src/cli/mcp/run-tools.ts';
import { MessageHandler, type Message } from '../../../src/shared/message-handler.ts';
import type { HostProtocol, WorkerProtocol } from '../../../src/shared/protocol.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('a run that cannot be cancelled any more leaves no unhandled rejection, which would end the server', async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'net.espalier.json'), '{}');
  const stop = new AbortController();
  const ended = new Error('the worker process ended');
  let crash: () => void = () => undefined;
  const crashed = new Promise<never>((_, reject) => (crash = () => reject(ended)));
  const handler = new MessageHandler<HostProtocol, WorkerProtocol>((message: Message) => {
    if (message.kind !== 'request') return;
    // The worker starts the run, and crashes before it answers that the run is cancelled.
    if (message.method === 'startRun') {
      handler.receive({ kind: 'reply', id: message.id, outcome: { ok: { runId: 'r1' } } });
      setImmediate(() => stop.abort());
    } else {
      handler.dispose(ended);
      crash();
    }
  }, {});
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const tools = new RunTools(folder, () => ({ handler, crashed, stop: () => undefined, kill: () => undefined }));
    await expect(tools.run('net.espalier.json', undefined, stop.signal, () => undefined)).rejects.toThrow(ended);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
