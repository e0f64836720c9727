import { MessageChannel } from 'node:worker_threads';
import type * as OnnxRuntime from 'onnxruntime-common';

/** A port that nobody listens to: what is moved to it is freed. */
const nowhere = closedPort();

/**
 * Frees the memory of results that were also written into given arrays. onnxruntime-node returns a copy of each, the size
 * of all weights and moments at every training step, of which some 40 MB would gather until they are collected.
 */
export function freeCopies(
  results: OnnxRuntime.InferenceSession.OnnxValueMapType,
  written: OnnxRuntime.InferenceSession.OnnxValueMapType,
): void {
  const kept = new Set(Object.values(written).map((tensor) => bufferOf(tensor)));
  const copies = new Set(Object.values(results).map((tensor) => bufferOf(tensor)));
  nowhere.postMessage(
    undefined,
    [...copies].flatMap((buffer) => (buffer instanceof ArrayBuffer && !kept.has(buffer) ? [buffer] : [])),
  );
}

function bufferOf({ data }: OnnxRuntime.OnnxValue): unknown {
  return ArrayBuffer.isView(data) ? data.buffer : undefined;
}

function closedPort(): MessageChannel['port1'] {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
