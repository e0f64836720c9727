/** Runs a model that was not written here: an ONNX file as it is, on the CPU. */
import type * as OnnxRuntime from 'onnxruntime-node';
import { EspalierError, firstLineOf } from '../../errors.ts';
import { decodeFloat16, encodeFloat16 } from '../../float16.ts';
import { loadOnnxRuntimeNode } from './load-onnxruntime.ts';

/** Element types that inputs and outputs of a foreign model may have. */
export type ForeignElementType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8';

/** An input: numbers, row-major, which are converted to the element type. */
export interface ForeignInput {
  readonly type: ForeignElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** An output, converted to float32, row-major. */
export interface ForeignOutput {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A loaded ONNX model. */
export interface ForeignModel {
  /** @throws EspalierError `engine` when the runtime refuses the inputs */
  run(inputs: Readonly<Record<string, ForeignInput>>, outputs: readonly string[]): Promise<readonly ForeignOutput[]>;
  dispose(): Promise<void>;
}

/**
 * Loads an ONNX model as it is, without optimizing its graph.
 *
 * @param folder of the file, for weights that are stored beside it
 * @throws EspalierError `engine` when the runtime is missing or refuses the model
 */
export async function openForeignModel(model: Uint8Array, folder: string): Promise<ForeignModel> {
  const { runtime, session } = await refusing(async () => {
    const loaded = loadOnnxRuntimeNode();
    const created = await loaded.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      // Without optimization each operator runs as in the file: the comparison is with the model, not with a rewritten
      // graph.
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
      extra: { session: { model_external_initializers_file_folder_path: folder, disable_quant_qdq: '1' } },
    });
    return { runtime: loaded, session: created };
  });
  return {
    run: (inputs, outputs) =>
      refusing(async () => {
        const feeds = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, tensorOf(runtime, input)]));
        const results = await session.run(feeds, [...outputs]);
        return outputs.map((name) => {
          const tensor = results[name];
          if (tensor === undefined) throw new Error(`it gave no output "${name}"`);
          return { shape: tensor.dims, data: floatsOf(tensor) };
        });
      }),
    dispose: () => session.release(),
  };
}

async function refusing<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    const reason = firstLineOf(cause);
    throw new EspalierError('engine', `onnxruntime does not run the model: ${reason}`, { cause });
  }
}

function tensorOf(runtime: typeof OnnxRuntime, { type, shape, data }: ForeignInput): OnnxRuntime.Tensor {
  switch (type) {
    case 'float32':
      return new runtime.Tensor('float32', data, shape);
    case 'float64':
      return new runtime.Tensor('float64', Float64Array.from(data), shape);
    case 'float16':
      return new runtime.Tensor('float16', Uint16Array.from(data, encodeFloat16), shape);
    case 'int64':
      return new runtime.Tensor(
        'int64',
        BigInt64Array.from(data, (value) => BigInt(Math.trunc(value))),
        shape,
      );
    case 'int32':
      return new runtime.Tensor('int32', Int32Array.from(data), shape);
    case 'uint8':
      return new runtime.Tensor('uint8', Uint8Array.from(data), shape);
    case 'int8':
      return new runtime.Tensor('int8', Int8Array.from(data), shape);
  }
}

function floatsOf({ type, data }: OnnxRuntime.Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array && type === 'float16') return Float32Array.from(data, decodeFloat16);
  if (Array.isArray(data)) throw new Error('it gives text');
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}
