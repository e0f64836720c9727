/** Where an importer finds the weights of a layer, whatever the file format. */
import { EspalierError } from '../errors.ts';
import type { Shape } from '../network/network.ts';

export interface WeightTensor {
  /** As the file names it, without `:0`: `dense/kernel`, `kernel` or `0`. */
  readonly name: string;
  readonly shape: Shape;
  /** Row-major. */
  read(): Float32Array;
}

/** Smallest and largest number that a quantizer saw of a value while the model was trained. */
export interface ObservedRange {
  readonly minimum: number;
  readonly maximum: number;
}

export interface LayerReference {
  readonly name: string;
  readonly className: string;
  /** Position in the model's list of layers. */
  readonly index: number;
}

/** The weights of one model; a nested model has a scope of its own. */
export interface WeightScope {
  layer(reference: LayerReference): readonly WeightTensor[];
  nested(reference: LayerReference): WeightScope;
}

/** The named weights of a layer: by name where the file has names, else in Keras's order. */
export function selectWeights(tensors: readonly WeightTensor[], names: readonly string[], where: string): readonly WeightTensor[] {
  const named = names.map((name) => tensors.find((tensor) => lastComponent(tensor.name) === name));
  if (named.every((tensor) => tensor !== undefined)) return named;
  if (tensors.length === names.length) return tensors;
  const found = tensors.length === 0 ? 'none' : tensors.map((tensor) => `"${tensor.name}"`).join(', ');
  throw new EspalierError('invalid-model', `needs the weights ${names.join(', ')}; the file has ${found}`, {
    where,
    fix: 'save the model again with its weights (model.save)',
  });
}

export function lastComponent(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
