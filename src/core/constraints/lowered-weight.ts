import type { Tensor } from '../program/program.ts';

/** A constrained weight inside a training program. */
export interface LoweredWeight {
  /** What the forward pass uses: the latent projected; gradients flow straight through to latent and trainables. */
  readonly value: Tensor;
  /** What is learned besides the latent: the centroids of a codebook, a learned step size. */
  readonly trainables: readonly Trainable[];
  /** What the fine-tuning loop feeds and may change between steps: masks. */
  readonly fed: readonly Fed[];
}

export interface Trainable {
  readonly name: string;
  readonly tensor: Tensor;
  readonly initial: Float32Array;
  /** Multiplies the learning rate. */
  readonly learningRateFactor: number;
  /** Whether it is of the size of the weights, so that what slows their steps slows its own; else its factor is all. */
  readonly stepsLikeWeights: boolean;
}

export interface Fed {
  readonly name: string;
  readonly tensor: Tensor;
  readonly initial: Float32Array;
}
