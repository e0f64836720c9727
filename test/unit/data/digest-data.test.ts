import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src/core/data/spec/data-spec.ts';
import { digestData } from '../../../src/core/tree/store/digest.ts';

const spec: DataSpec = { format: 'images', folder: 'pictures', pattern: '<class>_<n>.png' };
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-digest-'));
  mkdirSync(join(folder, 'pictures/a'), { recursive: true });
  writeFileSync(join(folder, 'pictures/a/1.png'), Uint8Array.of(1, 2, 3));
  writeFileSync(join(folder, 'pictures/2.png'), Uint8Array.of(4));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the digest of data, of which the addresses of cached stages are made', () => {
  it('is the same for the same bytes, wherever the folder is and whatever the order of the fields', async () => {
    const before = await digestData(spec, folder);
    const moved = `${folder}-moved`;
    renameSync(folder, moved);
    renameSync(moved, folder);
    expect(await digestData({ pattern: '<class>_<n>.png', folder: 'pictures', format: 'images' }, folder)).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<readonly [string, () => void]>([
    ['one byte of a nested file', () => writeFileSync(join(folder, 'pictures/a/1.png'), Uint8Array.of(1, 2, 4))],
    ['the name of a file', () => renameSync(join(folder, 'pictures/2.png'), join(folder, 'pictures/3.png'))],
    ['the folder of a file', () => renameSync(join(folder, 'pictures/2.png'), join(folder, 'pictures/a/2.png'))],
    ['one file more', () => writeFileSync(join(folder, 'pictures/4.png'), '')],
  ])('changes with %s', async (_what, change) => {
    const before = await digestData(spec, folder);
    change();
    expect(await digestData(spec, folder)).not.toBe(before);
  });

  it('follows links, ends where they lead back, and takes one that leads nowhere for empty', async () => {
    symlinkSync('..', join(folder, 'pictures/a/up'));
    symlinkSync('gone', join(folder, 'pictures/a/gone'));
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere/5.png'), Uint8Array.of(5));
    symlinkSync('../elsewhere', join(folder, 'pictures/b'));
    const before = await digestData(spec, folder);
    expect(await digestData(spec, folder)).toBe(before);
    writeFileSync(join(folder, 'elsewhere/5.png'), Uint8Array.of(6));
    expect(await digestData(spec, folder)).not.toBe(before);
  });

  it('changes with the spec', async () => {
    expect(await digestData({ ...spec, splitSeed: 1 }, folder)).not.toBe(await digestData(spec, folder));
  });
});
