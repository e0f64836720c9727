import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError, isEspalierError } from '../errors.ts';
import type {
  LiteRt,
  LiteRtBuffer,
  LiteRtCompiledModel,
  LiteRtEnvironment,
  LiteRtFactory,
  LiteRtModel,
  LiteRtSignature,
} from './litert-bindings.ts';
import { requirePlain } from './pack/unpack-model.ts';
import { readTflite } from './read-tflite.ts';
import { tensorBytes, type TensorType } from './schema/tensor-types.ts';
import { elementCount, type Quantization } from './tflite-model.ts';

/** An input or output of a loaded model; `bytes` is the size of its data. */
export interface TensorDetails {
  readonly name: string;
  /** With the batch. */
  readonly shape: readonly number[];
  readonly type: TensorType;
  readonly quantization: Quantization | undefined;
  readonly bytes: number;
}

/** A model loaded by the runtime. */
export interface Interpreter {
  readonly inputs: readonly TensorDetails[];
  readonly outputs: readonly TensorDetails[];
  /** Raw little-endian tensors, in the order of `inputs` and `outputs`; the results are copies. */
  run(inputs: readonly Uint8Array[]): Promise<readonly Uint8Array[]>;
  dispose(): Promise<void>;
}

/** The runtime that measures what files compute. */
export interface Runtime {
  /** With its version, to stand beside every accuracy and latency. */
  readonly description: string;
  /** @throws EspalierError `invalid-model` for a damaged file, `runtime` for one that the runtime refuses. */
  load(bytes: Uint8Array): Promise<Interpreter>;
}

let loading: Promise<Runtime> | undefined;

/** LiteRT compiled to WebAssembly, single-threaded; one instance a thread, loaded once. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= startRuntime();
  return loading;
}

async function startRuntime(): Promise<Runtime> {
  const require = createRequire(import.meta.url);
  const script = path.join(path.dirname(require.resolve('@litertjs/core')), '../wasm/litert_wasm_compat_internal.js');
  const folder = path.dirname(script);
  const [source, wasmBinary, manifest] = await Promise.all([
    readFile(script, 'utf8'),
    readFile(script.replace(/\.js$/, '.wasm')),
    readFile(path.join(folder, '../package.json'), 'utf8'),
  ]);
  // The script is a UMD module inside a package of ES modules, so neither import nor require gives its factory.
  const module: { exports: LiteRtFactory | undefined } = { exports: undefined };
  new Function('module', 'exports', 'require', '__dirname', '__filename', source)(module, {}, require, folder, script);
  if (module.exports === undefined)
    throw new EspalierError('runtime', 'LiteRT did not load', { where: script, fix: 'install the dependencies again' });
  const messages: string[] = [];
  const note = (message: string): void => {
    messages.push(message);
    if (messages.length > 20) messages.shift();
  };
  const library = await module.exports({ wasmBinary, print: note, printErr: note });
  const environment = library.LiteRtEnvironment.create(null);
  const version = /"version":\s*"([^"]+)"/.exec(manifest)?.[1] ?? 'unknown';
  return {
    description: `LiteRT ${version} (wasm)`,
    async load(bytes) {
      const details = describe(bytes);
      messages.length = 0;
      try {
        return await createInterpreter(library, environment, withoutShapeSignatures(bytes), details);
      } catch (error) {
        if (isEspalierError(error)) throw error;
        throw new EspalierError('runtime', `LiteRT refuses the model: ${reason(error, messages)}`, { cause: error });
      }
    },
  };
}

interface ModelDetails {
  readonly inputs: readonly TensorDetails[];
  readonly outputs: readonly TensorDetails[];
}

/** The runtime tells nothing of quantization, so what a caller must know comes from the file, which is checked first. */
function describe(bytes: Uint8Array): ModelDetails {
  const model = readTflite(bytes);
  requirePlain(model, 'LiteRT');
  const [graph] = model.subgraphs;
  const details = (indices: readonly number[]): TensorDetails[] =>
    indices.flatMap((index) => {
      const tensor = graph?.tensors[index];
      if (tensor === undefined) return [];
      const size = tensorBytes(tensor.type, elementCount(tensor.shape));
      if (size === undefined)
        throw new EspalierError('unsupported-model', `its element type is ${tensor.type}`, { where: `tensor "${tensor.name}"` });
      return [{ name: tensor.name, shape: tensor.shape, type: tensor.type, quantization: tensor.quantization, bytes: size }];
    });
  return { inputs: details(graph?.inputs ?? []), outputs: details(graph?.outputs ?? []) };
}

async function createInterpreter(
  library: LiteRt,
  environment: LiteRtEnvironment,
  bytes: Uint8Array,
  details: ModelDetails,
): Promise<Interpreter> {
  const pointer = library._malloc(bytes.length);
  if (pointer === 0) throw new EspalierError('out-of-memory', `LiteRT has no room for a model of ${bytes.length} bytes`);
  library.HEAPU8.set(bytes, pointer);
  const { model, compiled } = await compile(library, environment, pointer, bytes.length);
  const signature: LiteRtSignature = { inputs: details.inputs.map((_, i) => model.getInputTensorType(0, i)) };
  const inputs = signature.inputs.map((type) =>
    library.LiteRtTensorBuffer.createManaged(environment, library.LiteRtTensorBufferType.HOST_MEMORY, type, type.bytes()),
  );
  return {
    ...details,
    async run(values) {
      if (values.length !== inputs.length) throw new RangeError(`the model has ${inputs.length} inputs, ${values.length} given`);
      inputs.forEach((buffer, i) => write(library, buffer, values[i], details.inputs[i]));
      const outputs = await compiled.run(0, inputs);
      return outputs.map((buffer, i) => {
        const address = buffer.lock(library.LiteRtTensorBufferLockMode.READ);
        const copy = library.HEAPU8.slice(address, address + (details.outputs[i]?.bytes ?? 0));
        buffer.unlock();
        buffer.delete();
        return copy;
      });
    },
    dispose() {
      for (const buffer of inputs) buffer.delete();
      compiled.delete();
      model.delete();
      library._free(pointer);
      return Promise.resolve();
    },
  };
}

interface Compiled {
  readonly model: LiteRtModel;
  readonly compiled: LiteRtCompiledModel;
}

/** The model reads its bytes from the module's memory as long as it lives; a refused one gives them back. */
async function compile(library: LiteRt, environment: LiteRtEnvironment, pointer: number, size: number): Promise<Compiled> {
  let model: LiteRtModel | undefined;
  try {
    model = library.loadModel(environment, pointer, size);
    return { model, compiled: await library.compileModel(environment, model, { accelerator: 'wasm' }) };
  } catch (error) {
    model?.delete();
    library._free(pointer);
    throw error;
  }
}

function write(library: LiteRt, buffer: LiteRtBuffer, value: Uint8Array | undefined, details: TensorDetails | undefined): void {
  if (value?.length !== details?.bytes || value === undefined) {
    throw new RangeError(`input "${details?.name ?? ''}" takes ${details?.bytes ?? 0} bytes, ${value?.length ?? 0} given`);
  }
  const address = buffer.lock(library.LiteRtTensorBufferLockMode.WRITE);
  library.HEAPU8.set(value, address);
  buffer.unlock();
}

function reason(error: unknown, messages: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error);
  return [text, ...messages.slice(-3)].filter((part) => part !== '').join('; ');
}

/**
 * A copy of a .tflite file without shape signatures: LiteRT refuses dimensions of -1, while the shapes beside them are
 * static (batch 1). The entry of the field in the tables' layouts is zeroed, which means "absent".
 *
 * The bytes are those of a file that `readTflite` accepts.
 */
function withoutShapeSignatures(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const subgraph of tableVector(view, view.getUint32(0, true), 2)) {
    for (const tensor of tableVector(view, subgraph, 0)) {
      const entry = fieldEntry(view, tensor, shapeSignatureSlot);
      if (entry !== undefined) view.setUint16(entry, 0, true);
    }
  }
  return copy;
}

const shapeSignatureSlot = 7;

function fieldEntry(view: DataView, table: number, slot: number): number | undefined {
  const layout = table - view.getInt32(table, true);
  return 4 + 2 * slot < view.getUint16(layout, true) ? layout + 4 + 2 * slot : undefined;
}

function tableVector(view: DataView, table: number, slot: number): number[] {
  const entry = fieldEntry(view, table, slot);
  const offset = entry === undefined ? 0 : view.getUint16(entry, true);
  if (offset === 0) return [];
  const field = table + offset;
  const vector = field + view.getUint32(field, true);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) => {
    const element = vector + 4 + 4 * i;
    return element + view.getUint32(element, true);
  });
}
