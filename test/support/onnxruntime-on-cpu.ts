import type { Engine } from '../../src/core/engine/engine.ts';
import { loadOnnxRuntimeNode } from '../../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine, type OnnxRuntimeEngineOptions } from '../../src/core/engine/onnxruntime/onnxruntime-engine.ts';

/** The native runtime on one thread of the processor, with programs written in another way than they would be. */
export function onnxRuntimeOnCpu(options: Pick<OnnxRuntimeEngineOptions, 'blockBytes' | 'gaps'>): Engine {
  return createOnnxRuntimeEngine({
    name: 'onnxruntime-node',
    runtime: loadOnnxRuntimeNode(),
    threads: 1,
    provider: 'cpu',
    description: '',
    contributed: true,
    ...options,
  });
}
