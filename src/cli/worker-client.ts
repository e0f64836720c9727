import { fork } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EspalierError } from '../core/errors.ts';
import { MessageHandler } from '../shared/message-handler.ts';
import type { Message } from '../shared/message-handler.ts';
import type { HostProtocol, WorkerProtocol } from '../shared/protocol.ts';

export interface WorkerClient {
  readonly handler: MessageHandler<HostProtocol, WorkerProtocol>;
  /** Rejects when the process ends before `stop`. */
  readonly crashed: Promise<never>;
  stop(): void;
  /** Ends the process at once, also inside of one long computation; its stage processes follow. */
  kill(): void;
}

/**
 * Runs the worker as a child process: training does not block the terminal, and a crash is reported.
 *
 * @param output where its standard output goes: to standard error where this process speaks a protocol on its own
 */
export function startWorker(
  script: string = path.join(path.dirname(fileURLToPath(import.meta.url)), 'worker.cjs'),
  output: 'inherit' | 'stderr' = 'inherit',
): WorkerClient {
  const child = fork(script, { stdio: ['ignore', output === 'inherit' ? 'inherit' : process.stderr, 'inherit', 'ipc'] });
  // Lower priority keeps the terminal responsive. It is set before the worker starts threads, which inherit it.
  if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  const handler = new MessageHandler<HostProtocol, WorkerProtocol>((message: Message) => {
    if (child.connected) child.send(message, () => undefined);
  }, {});
  child.on('message', (message: Message) => handler.receive(message));
  let stopped = false;
  const crashed = new Promise<never>((_, reject) => {
    const fail = (what: string): void => {
      const error = new EspalierError('engine', what, { fix: 'what is finished is kept: go on with `espalier run --resume`' });
      handler.dispose(error);
      if (!stopped) reject(error);
    };
    child.on('error', (error) => fail(`the worker process did not start: ${error.message}`));
    child.on('exit', (code, signal) => fail(`the worker process ended (${signal === null ? `code ${code}` : signal})`));
  });
  // A caller that does not wait for the run must not get an unhandled rejection.
  crashed.catch(() => undefined);
  return {
    handler,
    crashed,
    stop() {
      stopped = true;
      handler.dispose();
      if (child.connected) child.disconnect();
    },
    kill() {
      stopped = true;
      child.kill('SIGKILL');
    },
  };
}
