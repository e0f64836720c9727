/** Entry of the thread that reads, decodes and augments examples while the engine computes. */
import { parentPort, workerData } from 'node:worker_threads';
import { EspalierError } from '../../errors.ts';
import type { DataSplits } from '../dataset.ts';
import { openData } from '../open-data.ts';
import type { ReadingData, ReadingFailure, ReadingReply, ReadRequest } from './reading-messages.ts';

function serve({ spec, folder, ...options }: ReadingData): void {
  // Warnings were given where the data were opened first.
  const opening = openData(spec, folder, options);
  opening.catch(() => undefined);
  parentPort?.on('message', (request: ReadRequest) => {
    void answer(opening, request);
  });
}

async function answer(opening: Promise<DataSplits>, { id, split, indices, epoch }: ReadRequest): Promise<void> {
  try {
    const data = await opening;
    const batch = await data[split].read(indices, epoch);
    // An autoencoder's targets are its inputs: the same memory, handed over once.
    const memory = [...batch.inputs, batch.labels, batch.targets]
      .map(({ buffer }) => buffer)
      .filter((buffer) => buffer instanceof ArrayBuffer);
    reply({ kind: 'batch', id, batch }, [...new Set(memory)]);
  } catch (error) {
    reply({ kind: 'failed', id, failure: failureOf(error) }, []);
  }
}

function reply(message: ReadingReply, transferred: ArrayBuffer[]): void {
  parentPort?.postMessage(message, transferred);
}

function failureOf(error: unknown): ReadingFailure {
  return {
    code: error instanceof EspalierError ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}

const data: ReadingData = workerData;
serve(data);
