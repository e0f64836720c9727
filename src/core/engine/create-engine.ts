import { availableParallelism } from 'node:os';
import type { Engine } from './engine.ts';
import { createOnnxRuntimeEngine } from './onnxruntime/onnxruntime-engine.ts';

export interface EngineOptions {
  /** `auto`, the default, takes the fastest that loads: native, then WebAssembly, then tfjs. */
  readonly name?: 'auto' | 'onnxruntime-node' | 'onnxruntime-web' | 'tfjs';
  /** All cores by default. Results are bit-identical from run to run only at one number of threads. */
  readonly threads?: number;
  /** `cpu`, the default, or an execution provider: `webgpu`, `dml`, `coreml`, `cuda`. */
  readonly provider?: string;
}

export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { threads = availableParallelism(), provider = 'cpu' } = options;
  const runtime = await import('onnxruntime-node');
  return createOnnxRuntimeEngine({
    name: 'onnxruntime-node',
    runtime,
    threads,
    provider,
    description: `onnxruntime-node ${runtime.env.versions.node ?? ''} (${provider}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`,
    contributed: true,
  });
}
