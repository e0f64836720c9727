import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import { restoreRemovedUtilities } from './removed-utilities.ts';

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
  restoreRemovedUtilities(require('node:util'));
  try {
    require('@tensorflow/tfjs-node');
    return true;
  } catch {
    // An optional dependency: not installed, or no libtensorflow for this platform.
    return false;
  }
}
