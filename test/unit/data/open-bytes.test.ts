import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openBytes } from '../../../src/core/data/files/open-bytes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('a gzip file', () => {
  const file = path.join(temporaryFolder(), 'images.gz');

  it('is decompressed', async () => {
    writeFileSync(file, gzipSync('pixels'));
    const bytes = await openBytes(file);
    expect(Buffer.from(bytes.read(0, bytes.size)).toString()).toBe('pixels');
  });

  it.runIf(process.platform === 'linux')('that is damaged is closed: a thousand of them would leave none to open', async () => {
    // Longer than what is read at once, so that the damage is met before the end.
    const damaged = gzipSync(
      Uint8Array.from({ length: 400_000 }, (_, i) => (i * i) % 251),
      { level: 0 },
    ).fill(0, 10, 20);
    writeFileSync(file, damaged);
    const before = openFiles();
    for (let time = 0; time < 20; time++) await expect(openBytes(file)).rejects.toMatchObject({ code: 'invalid-data' });
    await expect.poll(openFiles, { timeout: 30_000 }).toBeLessThan(before + 10);
  });
});
