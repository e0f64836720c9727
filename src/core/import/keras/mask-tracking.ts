import { EspalierError } from '../../errors.ts';
import type { ValueId } from '../../network/network.ts';
import { LayerConfig } from './layer-config.ts';
import type { KerasLayer } from './model-config.ts';

/** Layers that compute something else where a mask says that a step is padding. */
const readers = new Set([
  'LSTM',
  'GRU',
  'SimpleRNN',
  'Bidirectional',
  'GlobalAveragePooling1D',
  'Softmax',
  'Attention',
  'AdditiveAttention',
  'MultiHeadAttention',
]);
/** Layers after which there is no mask any more, though what they read had one. */
const ends = new Set([
  'Flatten',
  'Reshape',
  'Permute',
  'Conv1D',
  'SeparableConv1D',
  'MaxPooling1D',
  'AveragePooling1D',
  'GlobalMaxPooling1D',
]);

/**
 * Keras lets layers tell later ones which steps of a sequence are padding. Here all steps count, so a layer that would
 * leave some out is refused rather than computed otherwise.
 */
export class MaskTracking {
  /** The layer that each masked value has its mask from. */
  readonly #masked = new Map<ValueId, string>();

  check(layer: KerasLayer, inputs: readonly ValueId[], where: string): void {
    const source = inputs.flatMap((input) => this.#masked.get(input) ?? [])[0];
    if (source === undefined || !readers.has(layer.className)) return;
    throw new EspalierError('unsupported-model', `leaves out the steps that layer "${source}" masks as padding, which is not supported`, {
      where,
      fix: 'train with sequences of full length, without mask_zero and Masking layers',
    });
  }

  follow(layer: KerasLayer, inputs: readonly ValueId[], outputs: readonly ValueId[]): void {
    const masks =
      layer.className === 'Masking' || (layer.className === 'Embedding' && new LayerConfig(layer.config, '').boolean('mask_zero', false));
    const source = masks ? layer.label : inputs.flatMap((input) => this.#masked.get(input) ?? [])[0];
    if (source === undefined || ends.has(layer.className)) return;
    for (const output of outputs) this.#masked.set(output, source);
  }
}
