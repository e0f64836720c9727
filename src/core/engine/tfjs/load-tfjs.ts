import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

const require = createRequire(import.meta.url);

export interface LoadedTfjs {
  readonly tf: typeof TensorFlow;
  readonly backend: 'tensorflow' | 'cpu';
}

/** tfjs on libtensorflow where `@tensorflow/tfjs-node` is installed and loads, else on its own JavaScript kernels. */
export async function loadTfjs(): Promise<LoadedTfjs> {
  const tf: typeof TensorFlow = require('@tensorflow/tfjs');
  const native = loadTfjsNode() && (await tf.setBackend('tensorflow'));
  if (!native) await tf.setBackend('cpu');
  await tf.ready();
  return { tf, backend: native ? 'tensorflow' : 'cpu' };
}

function loadTfjsNode(): boolean {
  restoreRemovedUtilities();
  try {
    require('@tensorflow/tfjs-node');
    return true;
  } catch {
    // An optional dependency: not installed, or no libtensorflow for this platform.
    return false;
  }
}

/** tfjs-node 4.22, the last release, calls two functions that Node 23 took out of `util`. */
function restoreRemovedUtilities(): void {
  const util: Record<string, unknown> = require('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
