import { Worker } from 'node:worker_threads';
import { EspalierError } from '../errors.ts';
import type { RunRequest, ThreadData, ThreadReply } from './evaluation-messages.ts';

interface Pending {
  resolve(outputs: Float32Array): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/** Threads that each run the same .tflite; a batch goes to the one with the least to do. */
export class EvaluationPool {
  readonly description: string;
  readonly #threads: readonly Thread[];
  #nextId = 0;

  private constructor(threads: readonly Thread[], description: string) {
    this.#threads = threads;
    this.description = description;
  }

  static async start(script: string | URL, bytes: Uint8Array, count: number): Promise<EvaluationPool> {
    const started = Array.from({ length: count }, () => startThread(script, bytes));
    try {
      const ready = await Promise.all(started.map(({ ready: description }) => description));
      return new EvaluationPool(
        started.map(({ thread }) => thread),
        ready[0] ?? '',
      );
    } catch (error) {
      await Promise.all(started.map(({ thread }) => thread.worker.terminate()));
      throw error;
    }
  }

  get size(): number {
    return this.#threads.length;
  }

  run(inputs: Float32Array, size: number): Promise<Float32Array> {
    const thread = this.#threads.reduce((least, other) => (other.pending.size < least.pending.size ? other : least));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      const request: RunRequest = { id, inputs, size };
      thread.worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

function startThread(script: string | URL, bytes: Uint8Array): { readonly thread: Thread; readonly ready: Promise<string> } {
  const workerData: ThreadData = { bytes };
  const worker = new Worker(script, { workerData });
  const pending = new Map<number, Pending>();
  const ready = new Promise<string>((resolve, reject) => {
    const fail = (message: string): void => {
      const error = new EspalierError('runtime', message, { where: 'evaluation thread' });
      reject(error);
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    };
    worker.on('message', (reply: ThreadReply) => {
      if (reply.kind === 'ready') {
        resolve(reply.description);
      } else if (reply.kind === 'result') {
        pending.get(reply.id)?.resolve(reply.outputs);
        pending.delete(reply.id);
      } else {
        fail(reply.message);
      }
    });
    worker.on('error', (error) => fail(error.message));
    worker.on('exit', (code) => fail(`it ended with code ${code}`));
  });
  return { thread: { worker, pending }, ready };
}
