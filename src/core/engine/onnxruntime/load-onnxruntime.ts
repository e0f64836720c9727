import { createRequire } from 'node:module';
import { env } from 'node:process';
import type * as OnnxRuntimeNode from 'onnxruntime-node';
import type * as OnnxRuntimeWeb from 'onnxruntime-web';

const require = createRequire(import.meta.url);

/**
 * The native runtime, with its telemetry switched off.
 *
 * @throws Error when there is no binary for this platform, or the system's C library is too old for it
 */
export function loadOnnxRuntimeNode(): typeof OnnxRuntimeNode {
  // The library reads this once, when it is loaded. Otherwise it keeps an id of the device in the home folder and logs in
  // the temporary one, and reports the use of models to its maker.
  env['ORT_DISABLE_TELEMETRY'] = '1';
  return require('onnxruntime-node');
}

/** The same runtime compiled to WebAssembly. The number of threads is fixed by the first session of the process. */
export function loadOnnxRuntimeWeb(threads: number): typeof OnnxRuntimeWeb {
  const runtime: typeof OnnxRuntimeWeb = require('onnxruntime-web');
  runtime.env.wasm.numThreads = threads;
  runtime.env.logLevel = 'error';
  return runtime;
}
