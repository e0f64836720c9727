/** Operators that an execution provider does not have, or has in part; they are written in others. */
export type ProviderGap =
  /** `MaxPool` gives no indices of its maxima: the run fails. */
  | 'poolIndices'
  /** `Round` runs on the processor, to which its input is copied, and back. */
  | 'round'
  /** So does `FusedMatMul` of `com.microsoft`. */
  | 'contributed';

/** Found by `npm run bench -- provider`, with onnxruntime-node 1.30.0. */
const gapsOf: Readonly<Record<string, readonly ProviderGap[]>> = {
  webgpu: ['poolIndices', 'round', 'contributed'],
};

export function providerGaps(provider: string): ReadonlySet<ProviderGap> {
  return new Set(Object.hasOwn(gapsOf, provider) ? gapsOf[provider] : []);
}
