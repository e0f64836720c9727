import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { environment } from '../../../src/worker/environment.ts';

vi.mock(import('node:crypto'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, createHash: vi.fn(original.createHash) };
});

it('digests the code once, however often the environment is read', () => {
  const codes = [environment().code, environment().code, environment().code];
  expect(vi.mocked(createHash)).toHaveBeenCalledTimes(1);
  const source = readFileSync(path.resolve('src/worker/code-digest.ts'));
  expect(codes).toEqual(Array(3).fill(createHash('sha256').update(source).digest('hex')));
});
