/** What `espalier pack` says about a file; the JSON of `--json`, versioned. */
import type { CertificateVerdict } from './results.ts';

export const PACKING_VERSION = 1;

/** `small` takes the fewest bytes, `fast` only what is decoded quickly. */
export type PackGoal = 'small' | 'fast';

export interface Packing {
  readonly version: typeof PACKING_VERSION;
  readonly file: string;
  readonly output: string;
  readonly goal: PackGoal;
  readonly stripped: boolean;
  readonly sizes: {
    readonly plain: number;
    /** Of the plain file, with gzip -9: what it would take if a microcontroller could unzip. */
    readonly plainGzip: number;
    readonly packed: number;
  };
  readonly kernels: readonly KernelPacking[];
  /** Whether unpacking gives the same bytes, or an equal model as our writer writes it. */
  readonly undo: 'same-bytes' | 'equal-model';
  /** Bytes of the largest decoded kernel: the tensor arena needs room for it while its operator runs. */
  readonly largestDecodedKernel: number;
  /** The packed bytes, decoded and compared with the plain file. */
  readonly proof: CertificateVerdict;
}

export interface KernelPacking {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly plainBytes: number;
  /** Left out where the kernel stays plain, since no scheme makes the file smaller. */
  readonly scheme?: 'lut' | 'prune' | 'huffman' | undefined;
  readonly details: string;
  /** Of the weights alone. */
  readonly encodedBytes: number;
  /** Header and tables; 0 where an earlier kernel has the same. */
  readonly tableBytes: number;
}

export interface Unpacking {
  readonly version: typeof PACKING_VERSION;
  readonly file: string;
  readonly output: string;
  readonly sizes: { readonly packed: number; readonly plain: number };
}
