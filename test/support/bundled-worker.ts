import path from 'node:path';
import { startWorker } from '../../src/cli/worker-client.ts';
import type { WorkerClient } from '../../src/cli/worker-client.ts';
import type { RunEvent, RunFinished } from '../../src/shared/events.ts';
import type { RunHandle } from '../../src/shared/protocol.ts';
import { bundle } from './bundle.ts';

export interface BundledWorker {
  readonly script: string;
  remove(): Promise<void>;
}

/** The worker as it is shipped. */
export async function bundleWorker(): Promise<BundledWorker> {
  const { folder, remove } = await bundle('worker');
  return { script: path.join(folder, 'worker.cjs'), remove };
}

export interface FollowedRun {
  readonly handle: RunHandle;
  readonly events: readonly RunEvent[];
  /** Undefined when the worker was killed before. */
  readonly finished: RunFinished | undefined;
}

/** Runs in a child process until the end, or until `kill` says so of an event: then the process gets SIGKILL. */
export async function runInWorker(
  script: string,
  begin: (worker: WorkerClient) => Promise<RunHandle>,
  kill: (event: RunEvent) => boolean = () => false,
): Promise<FollowedRun> {
  const worker = startWorker(script);
  const { process: id } = await worker.handler.request('ping', {});
  const events: RunEvent[] = [];
  let killed = false;
  const finished = new Promise<RunFinished>((resolve) => {
    worker.handler.on('run', ({ event }) => {
      events.push(event);
      if (event.type === 'run-finished') resolve(event);
      if (killed || !kill(event)) return;
      killed = true;
      process.kill(id, 'SIGKILL');
    });
  });
  try {
    const handle = await begin(worker);
    const end = await Promise.race([finished, worker.crashed.catch(() => undefined)]);
    return { handle, events, finished: end };
  } finally {
    worker.stop();
  }
}
