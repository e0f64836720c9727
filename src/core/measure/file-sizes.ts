import { constants, brotliCompress } from 'node:zlib';
import { promisify } from 'node:util';
import type { Zstd } from '@hpcc-js/wasm-zstd';
import { zipSync } from 'fflate';
import { deflateRaw } from 'pako';
import type { FileSizes } from '../../shared/results.ts';

/**
 * The same bytes as zlib's deflate at level 9, on every machine. Node's own zlib searches for matches in another way, which
 * makes some files 2% smaller than `gzip -9` does, and others larger.
 */
const reference = { level: 9, legacyHash: true } as const;

/** Header, checksum and length of a gzip file without a name. */
const gzipOverhead = 18;

/** Bytes after `gzip -9n`. */
export function gzipSize(bytes: Uint8Array): number {
  return gzipOverhead + deflateRaw(bytes, reference).length;
}

/** Bytes of a file as it is, after `gzip -9n`, and as the one entry of a zip: what pruning and clustering make smaller. */
export function fileSizes(bytes: Uint8Array): FileSizes {
  // Both hold the same stream of deflate, which takes most of the time.
  const deflated = deflateRaw(bytes, reference).length;
  return { raw: bytes.length, gzip: gzipOverhead + deflated, zip: zipOverhead + deflated };
}

/**
 * With zstd and brotli too, which updates over the air use; seconds for files of some megabytes.
 *
 * @param options.largest bytes above which they are left out
 */
export async function allFileSizes(bytes: Uint8Array, { largest = Infinity }: { readonly largest?: number } = {}): Promise<FileSizes> {
  if (bytes.length > largest) return fileSizes(bytes);
  // A third of a megabyte of code, which other sizes do without.
  zstd ??= import('@hpcc-js/wasm-zstd').then((library) => library.Zstd.load());
  return {
    ...fileSizes(bytes),
    zstd: (await zstd).compress(bytes, ZSTD_LEVEL).length,
    brotli: (await compressBrotli(bytes)).length,
  };
}

/** Headers and directory of a zip with one entry `model.tflite`. */
const zipOverhead = zipSync({ 'model.tflite': [new Uint8Array(), { level: 0 }] }).length;

const ZSTD_LEVEL = 19;
let zstd: Promise<Zstd> | undefined;

const brotli = promisify(brotliCompress);

function compressBrotli(bytes: Uint8Array): Promise<Uint8Array> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_MAX_QUALITY } = constants;
  return brotli(bytes, { params: { [BROTLI_PARAM_QUALITY]: BROTLI_MAX_QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

/** The guide's percentage as a fraction: `1 - compressed / raw` of the same file. */
export function compressedSaving(compressed: number, raw: number): number {
  return raw === 0 ? 0 : 1 - compressed / raw;
}

/** How many times smaller than the float baseline, both compressed alike. */
export function ratioToBaseline(baseline: number, bytes: number): number {
  return bytes === 0 ? Infinity : baseline / bytes;
}
