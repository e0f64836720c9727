import type { DataOptions } from './data-options.ts';

/** Examples that are made rather than read: small, for trials and tests. Nothing real, and never to be quoted as such. */
export interface GeneratedDataSpec extends DataOptions {
  readonly format: 'generated';
  /**
   * `digits`: drawn digits 28x28. `keywords`: 49x10 patterns of 12 spoken-word-like classes. `table`: 8 features, 3 classes.
   * `shapes`: images 32x32 of discs, squares and triangles, with a class for each pixel (segmentation).
   */
  readonly set: 'digits' | 'keywords' | 'table' | 'shapes';
  /**
   * Training examples, validation included.
   * @asType integer
   * @minimum 1
   * @default 6000
   */
  readonly trainSize?: number;
  /**
   * @asType integer
   * @minimum 1
   * @default 1000
   */
  readonly testSize?: number;
  /**
   * Of the generator: another seed, other examples.
   * @asType integer
   * @default 0
   */
  readonly generatorSeed?: number;
}
