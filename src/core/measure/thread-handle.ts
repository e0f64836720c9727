import { Worker } from 'node:worker_threads';
import { EspalierError } from '../errors.ts';
import type { ThreadReply, ThreadRequest } from './evaluation-messages.ts';

interface Pending {
  resolve(outputs: readonly Float32Array[]): void;
  reject(error: unknown): void;
}

/** One evaluation thread, seen from the thread that feeds it. Requests are answered in their order. */
export class ThreadHandle {
  /** The runtime is loaded. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #isReady = false;
  #failure: EspalierError | undefined;

  /** @param script the bundled `evaluation-thread` */
  constructor(script: string | URL) {
    this.#worker = new Worker(script);
    this.ready = new Promise((resolve, reject) => {
      const fail = (message: string): void => {
        this.#failure = new EspalierError('runtime', message, { where: 'evaluation thread' });
        reject(this.#failure);
        for (const waiting of this.#pending.values()) waiting.reject(this.#failure);
        this.#pending.clear();
      };
      this.#worker.on('message', (reply: ThreadReply) => {
        if (reply.kind === 'ready') {
          this.#isReady = true;
          resolve();
        } else if (reply.kind === 'done') {
          this.#pending.get(reply.id)?.resolve(reply.outputs);
          this.#pending.delete(reply.id);
        } else {
          fail(reply.message);
        }
      });
      this.#worker.on('error', (error) => fail(error.message));
      this.#worker.on('exit', (code) => fail(`it ended with code ${code}`));
    });
    // The borrower of the thread gets the error; a thread that is only warmed up must not end the process.
    this.ready.catch(() => undefined);
  }

  /** Batches that are not answered yet. */
  get load(): number {
    return this.#pending.size;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it has no open batches and no failure. */
  get isReusable(): boolean {
    return this.#pending.size === 0 && this.#failure === undefined;
  }

  /** @param outputs those that are measured */
  async loadModel(bytes: Uint8Array, outputs: readonly number[]): Promise<void> {
    await this.#send((id) => ({ kind: 'load', id, bytes, outputs }));
  }

  /** `[size, input length]` for each input -> `[size, output length]` of each output */
  run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]> {
    return this.#send((id) => ({ kind: 'run', id, inputs, size }));
  }

  /** Whether the thread keeps the process alive. */
  holdProcess(hold: boolean): void {
    if (hold) this.#worker.ref();
    else this.#worker.unref();
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(request: (id: number) => ThreadRequest): Promise<readonly Float32Array[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
    });
  }
}
