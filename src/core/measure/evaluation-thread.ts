/** Entry of a worker thread that runs one .tflite after another: the wasm runtime has one thread, so each core gets a runtime. */
import { parentPort } from 'node:worker_threads';
import { loadRuntime, type Interpreter } from '../tflite/runtime.ts';
import type { ThreadReply, ThreadRequest } from './evaluation-messages.ts';
import { createScorer, type TfliteScorer } from './tflite-scorer.ts';

const reply = (message: ThreadReply): void => parentPort?.postMessage(message);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class Server {
  #loaded: { readonly interpreter: Interpreter; readonly scorer: TfliteScorer } | undefined;

  async answer(request: ThreadRequest): Promise<void> {
    try {
      const outputs =
        request.kind === 'load' ? await this.#load(request.bytes, request.outputs) : await this.#run(request.inputs, request.size);
      reply({ kind: 'done', id: request.id, outputs });
    } catch (error) {
      reply({ kind: 'failed', id: request.id, message: messageOf(error) });
    }
  }

  async #load(bytes: Uint8Array, outputs: readonly number[]): Promise<readonly Float32Array[]> {
    await this.#loaded?.interpreter.dispose();
    this.#loaded = undefined;
    const interpreter = await (await loadRuntime()).load(bytes);
    this.#loaded = { interpreter, scorer: createScorer(interpreter, outputs) };
    return [];
  }

  async #run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]> {
    if (this.#loaded === undefined) throw new Error('no model is loaded');
    return this.#loaded.scorer.run(inputs, size);
  }
}

async function serve(): Promise<void> {
  await loadRuntime();
  const server = new Server();
  // One after the other: an interpreter has one set of buffers.
  let queue = Promise.resolve();
  parentPort?.on('message', (request: ThreadRequest) => {
    queue = queue.then(() => server.answer(request));
  });
  reply({ kind: 'ready' });
}

serve().catch((error: unknown) => reply({ kind: 'failed', id: undefined, message: messageOf(error) }));
