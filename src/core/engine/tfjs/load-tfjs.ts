import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

const require = createRequire(import.meta.url);

/** tfjs and the backend that it is set to. */
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

/**
 * Puts back two functions that Node 23 took out of `util`: tfjs-node 4.22, the last release, calls them. What a Node has
 * by itself stays as it is.
 *
 * @param util what `require('node:util')` gives: the object that tfjs-node sees, not a module namespace
 */
export function restoreRemovedUtilities(util: Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
