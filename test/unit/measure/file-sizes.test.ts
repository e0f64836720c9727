import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync, constants, brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { allFileSizes, compressedSaving, fileSizes } from '../../../src/core/measure/file-sizes.ts';
import { measureRow } from '../../../src/shared/measures.ts';

const testData = process.env['ESPALIER_TEST_DATA'];

/** Eight different bytes at random, from the high bits of a linear congruential generator. */
function randomBytes(count: number): Uint8Array {
  let state = 24;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 29) * 17;
  });
}

describe('the sizes of a file', () => {
  it('are those of reference zlib: what `gzip -9n` and Python give for the same bytes', () => {
    // Python 3.11 with zlib 1.2.13: gzip 9225, zipfile with level 9 and this name 9329. Node 20's own zlib gives 8989.
    expect(fileSizes(randomBytes(20_000))).toEqual({ raw: 20_000, gzip: 9225, zip: 9329 });
  });

  it('have zstd and brotli where all are asked for', async () => {
    const bytes = randomBytes(20_000);
    const { zstd, brotli, ...others } = await allFileSizes(bytes);
    expect(others).toEqual(fileSizes(bytes));
    // `zstd -19` 1.5.4 gives 7583; the entropy of eight values is 7500 bytes.
    expect(zstd).toBeGreaterThan(7500);
    expect(zstd).toBeLessThan(7650);
    const compressed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    expect(brotliDecompressSync(compressed)).toEqual(Buffer.from(bytes));
    expect(brotli).toBe(compressed.length);
  });

  it('of repeated bytes are small, and the saving is the guide’s percentage', async () => {
    const sizes = await allFileSizes(new Uint8Array(10_000));
    expect(sizes).toMatchObject({ raw: 10_000 });
    for (const compressed of [sizes.gzip, sizes.zip, sizes.zstd, sizes.brotli]) expect(compressed).toBeLessThan(200);
    expect(compressedSaving(434_879, 528_128)).toBeCloseTo(0.1766, 4);
  });

  it('name the compressor as it is installed', () => {
    const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    );
    expect(measureRow('gzip').implementation).toContain(`pako ${manifest.dependencies['pako']}`);
  });

  it.skipIf(testData === undefined)('of a real file are those that `gzip -9` gives', () => {
    const file = path.join(testData ?? '', 'ethos-u', 'leaves', 'digits-pruned-pqat.tflite');
    expect(fileSizes(new Uint8Array(readFileSync(file))).gzip).toBe(12_786);
  });
});
