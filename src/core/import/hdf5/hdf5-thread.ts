/** Reads HDF5 in another thread, which is terminated when a file takes longer than its size explains. */
import { cpuUsage } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { CountedRequest, Hdf5GroupContent, ReadReply, ReadRequest } from './hdf5-messages.ts';

/** The file is damaged; all other errors are not the file's fault. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile';
}

const startSeconds = 60;
/** An idle thread is kept for the next file this long: starting one takes a fifth of a second. */
const idleSeconds = 5;
/** JavaScript's own heap; the numbers of a file lie outside of it. */
const heapMegabytes = 1024;

let idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout } | undefined;

/** @throws DamagedFile when the library fails on the file, or does no work on it for `endlessSeconds` of the processor */
export async function readInThread(request: ReadRequest, endlessSeconds: number): Promise<Hdf5GroupContent> {
  const worker = takeIdle() ?? (await start());
  try {
    worker.ref();
    const work = new Int32Array(new SharedArrayBuffer(4));
    worker.postMessage({ ...request, work } satisfies CountedRequest);
    const reply = await nextReply(worker, endlessSeconds, work);
    if (reply.kind !== 'content') throw new DamagedFile(reply.kind === 'damaged' ? reply.message : 'unexpected reply');
    keepIdle(worker);
    return reply.root;
  } catch (error) {
    // After an error the library is in an undefined state, so the thread is not used again.
    await worker.terminate();
    throw error;
  }
}

function takeIdle(): Worker | undefined {
  const taken = idle;
  idle = undefined;
  clearTimeout(taken?.timer);
  return taken?.worker;
}

function keepIdle(worker: Worker): void {
  if (idle !== undefined) {
    void worker.terminate();
    return;
  }
  worker.unref();
  idle = { worker, timer: setTimeout(() => void takeIdle()?.terminate(), idleSeconds * 1000).unref() };
}

async function start(): Promise<Worker> {
  const worker = new Worker(new URL('./hdf5-reader.mjs', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } });
  try {
    await nextReply(worker, startSeconds, new Int32Array(1));
    return worker;
  } catch (cause) {
    await worker.terminate();
    throw new Error('the thread that reads HDF5 files does not start', { cause });
  }
}

function nextReply(worker: Worker, endlessSeconds: number, work: Int32Array): Promise<ReadReply> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearInterval(timer);
      worker.off('message', received).off('error', failed).off('exit', ended);
      act();
    };
    const received = (reply: ReadReply): void => finish(() => resolve(reply));
    const failed = (error: Error): void => finish(() => reject(new DamagedFile(error.message, { cause: error })));
    const ended = (): void => finish(() => reject(new DamagedFile('the reader ended')));
    // Work is bounded where it is done. Here only a library that does none ends, by the time of the processor, so that
    // neither a busy machine nor one that sleeps is held against the file. Other threads of this process count as well:
    // the reader has its share beside them.
    let begin = processorSeconds();
    let done = 0;
    const timer = setInterval(() => {
      const now = Atomics.load(work, 0);
      if (now !== done) begin = processorSeconds();
      done = now;
      if (processorSeconds() - begin >= endlessSeconds)
        finish(() => reject(new DamagedFile(`its reader does nothing more for ${endlessSeconds.toFixed(0)} s of the processor`)));
    }, 250);
    worker.on('message', received).on('error', failed).on('exit', ended);
  });
}

function processorSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}
