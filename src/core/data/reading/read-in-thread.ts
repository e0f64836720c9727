import { Worker } from 'node:worker_threads';
import { EspalierError } from '../../errors.ts';
import type { Batch, DataSet, DataSplits } from '../dataset.ts';
import type { ReadingData, ReadingFailure, ReadingReply, ReadRequest } from './reading-messages.ts';

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: unknown): void;
}

/**
 * Reads examples in another thread, so that an engine whose steps block this one does not wait for them: those that are
 * decoded from files all, others where training augments them. The thread opens the data at the first of these reads.
 * Augmentation is a function of seed, epoch and index, so the numbers are the same.
 *
 * @param script the bundle of `reading-thread.ts`
 */
export function readInThread(splits: DataSplits, script: string | URL, data: ReadingData): DataSplits {
  const { format, augmentation } = data.spec;
  const isDecoded = format === 'images' || format === 'audio';
  let reader: Reader | undefined;
  const inThread = (split: keyof DataSplits): DataSet => {
    const { [split]: here } = splits;
    return {
      ...here,
      read: (indices, epoch) => {
        if (!isDecoded && (augmentation === undefined || epoch === undefined)) return here.read(indices, epoch);
        if (reader === undefined || reader.ended) reader = new Reader(script, data, here.name);
        return reader.read(split, indices, epoch);
      },
    };
  };
  return { train: inThread('train'), validation: inThread('validation'), test: inThread('test') };
}

class Reader {
  ended = false;
  readonly #worker: Worker;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(script: string | URL, workerData: ReadingData, name: string) {
    this.#name = name;
    this.#worker = new Worker(script, { workerData });
    this.#worker.unref();
    this.#worker.on('message', (reply: ReadingReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#remove(reply.id);
      if (reply.kind === 'batch') waiting?.resolve(reply.batch);
      else waiting?.reject(errorOf(reply.failure));
    });
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('exit', (code) => this.#end(`it ended with code ${code}`));
  }

  read(split: keyof DataSplits, indices: Uint32Array, epoch: number | undefined): Promise<Batch> {
    const request: ReadRequest = { id: this.#nextId++, split, indices, epoch };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      // Only a thread with open requests keeps the process alive.
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  #remove(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(message: string): void {
    this.ended = true;
    for (const { reject } of this.#waiting.values())
      reject(new EspalierError('runtime', `the thread that reads examples failed: ${message}`, { where: `data set "${this.#name}"` }));
    this.#waiting.clear();
  }
}

function errorOf({ code, message }: ReadingFailure): Error {
  return code === undefined ? new Error(message) : new EspalierError(code, message);
}
