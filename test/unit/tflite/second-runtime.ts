import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

interface Tensors {
  get(index: number): { data(): Float32Array };
}
interface Runner {
  GetInputs(): Tensors;
  GetOutputs(): Tensors;
  Infer(): boolean;
}
interface Library {
  readonly HEAPU8: Uint8Array;
  _malloc(size: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(pointer: number, size: number, options: object): { ok(): boolean; errorMessage(): string; value(): Runner };
  };
}
type Factory = (options: object) => Promise<Library>;

let loading: Promise<Library> | undefined;

async function load(): Promise<Library> {
  const require = createRequire(import.meta.url);
  const script = path.join(path.dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm/tflite_web_api_cc_simd.js');
  const module: { exports: Factory | undefined } = { exports: undefined };
  new Function('module', 'exports', 'require', '__dirname', '__filename', await readFile(script, 'utf8'))(
    module,
    {},
    require,
    path.dirname(script),
    script,
  );
  if (module.exports === undefined) throw new Error('tfjs-tflite did not load');
  const silent = (): void => undefined;
  return module.exports({ wasmBinary: await readFile(script.replace(/\.js$/, '.wasm')), print: silent, printErr: silent });
}

/** Runs a .tflite with float inputs and outputs in TensorFlow Lite as tfjs-tflite compiles it: other, older kernels than LiteRT's. */
export async function runInSecondRuntime(bytes: Uint8Array, inputs: readonly Float32Array[]): Promise<Float32Array> {
  loading ??= load();
  const library = await loading;
  const pointer = library._malloc(bytes.length);
  library.HEAPU8.set(bytes, pointer);
  const created = library.TFLiteWebModelRunner.CreateFromBufferAndOptions(pointer, bytes.length, {
    numThreads: 1,
    enableWebNNDelegate: false,
    webNNDevicePreference: 0,
    enableProfiling: false,
    maxProfilingBufferEntries: 1024,
  });
  if (!created.ok()) throw new Error(created.errorMessage());
  const runner = created.value();
  inputs.forEach((input, i) => runner.GetInputs().get(i).data().set(input));
  if (!runner.Infer()) throw new Error('the second runtime did not run the model');
  return runner.GetOutputs().get(0).data().slice();
}
