/**
 * TFMOT (commit 6fbc2ce, TensorFlow 2.21) on the guide's notebook network and recipes, measured on MNIST from the same
 * two baselines: INT8 top-1 in percent and gzip -9 bytes of the full-integer file, the mean of both. The converter
 * quantizes Dense kernels per channel after training; where it was told to do so per tensor, that file is the smaller one.
 */
export interface ReferenceNode {
  readonly top1: number;
  readonly gzip: number;
}

const mean = (a: number, b: number): number => (a + b) / 2;

export const tfmotNodes: Readonly<Record<string, ReferenceNode>> = {
  'baseline -> PTQ': { top1: mean(98.11, 98.16), gzip: mean(17_395, 17_538) },
  QAT: { top1: mean(98.22, 98.27), gzip: mean(17_421, 17_532) },
  'pruned -> PTQ': { top1: mean(97.51, 97.51), gzip: mean(13_414, 13_533) },
  PQAT: { top1: mean(98.12, 97.99), gzip: mean(13_729, 13_798) },
  'clustered -> PTQ': { top1: mean(98.13, 98.15), gzip: mean(10_371, 10_699) },
  CQAT: { top1: mean(98.19, 98.12), gzip: mean(10_443, 10_815) },
  'pruned, clustered -> PTQ': { top1: mean(98.1, 97.89), gzip: mean(7807, 7611) },
  PCQAT: { top1: mean(98.12, 98.02), gzip: mean(7942, 7705) },
};
