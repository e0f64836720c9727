import { createRequire } from 'node:module';
import type * as OnnxRuntimeNode from 'onnxruntime-node';
import type * as OnnxRuntimeWeb from 'onnxruntime-web';

const require = createRequire(import.meta.url);

/** @throws when there is no binary for this platform, or the system's C library is too old for it. */
export function loadOnnxRuntimeNode(): typeof OnnxRuntimeNode {
  return require('onnxruntime-node');
}

/** The same runtime compiled to WebAssembly. The number of threads is fixed by the first session of the process. */
export function loadOnnxRuntimeWeb(threads: number): typeof OnnxRuntimeWeb {
  const runtime: typeof OnnxRuntimeWeb = require('onnxruntime-web');
  runtime.env.wasm.numThreads = threads;
  runtime.env.logLevel = 'error';
  return runtime;
}
