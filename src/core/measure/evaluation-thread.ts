/** Entry of a worker thread that runs one .tflite: the wasm runtime has one thread, so each core gets a runtime. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadRuntime } from '../tflite/runtime.ts';
import type { RunRequest, ThreadData, ThreadReply } from './evaluation-messages.ts';
import { createScorer, type TfliteScorer } from './tflite-scorer.ts';

const reply = (message: ThreadReply): void => parentPort?.postMessage(message);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function serve({ bytes }: ThreadData): Promise<void> {
  const runtime = await loadRuntime();
  const scorer = createScorer(await runtime.load(bytes));
  // One after the other: an interpreter has one set of buffers.
  let queue = Promise.resolve();
  parentPort?.on('message', (request: RunRequest) => {
    queue = queue.then(() => answer(scorer, request));
  });
  reply({ kind: 'ready', description: runtime.description });
}

async function answer(scorer: TfliteScorer, { id, inputs, size }: RunRequest): Promise<void> {
  try {
    reply({ kind: 'result', id, outputs: await scorer.run(inputs, size) });
  } catch (error) {
    reply({ kind: 'failed', id, message: messageOf(error) });
  }
}

const data: ThreadData = workerData;
serve(data).catch((error: unknown) => reply({ kind: 'failed', id: undefined, message: messageOf(error) }));
