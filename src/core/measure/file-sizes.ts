import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import type { FileSizes } from '../../shared/results.ts';

/** Bytes of a file as it is, after gzip -9, and as the one entry of a zip: what pruning and clustering make smaller. */
export function fileSizes(bytes: Uint8Array): FileSizes {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    zip: zipSync({ 'model.tflite': bytes }, { level: 9, mtime: new Date(1980, 0, 2) }).length,
  };
}

/** The guide's percentage as a fraction: `1 - compressed / raw` of the same file. */
export function compressedSaving(compressed: number, raw: number): number {
  return raw === 0 ? 0 : 1 - compressed / raw;
}

/** How many times smaller than the float baseline, both compressed alike. */
export function ratioToBaseline(baseline: number, bytes: number): number {
  return bytes === 0 ? Infinity : baseline / bytes;
}
