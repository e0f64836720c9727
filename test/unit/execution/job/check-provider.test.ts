import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkProvider } from '../../../../src/execution/job/check-provider.ts';
import type { ProviderFacts } from '../../../../src/execution/job/check-provider.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const gpu = { devices: ['null', 'nvidia0', 'nvidiactl'], visible: '0' };
const check = (facts: ProviderFacts) => () => checkProvider('cuda', () => facts);

describe('what a GPU needs', () => {
  it('is not looked at for the CPU', () => {
    expect(() =>
      checkProvider('cpu', () => {
        throw new Error('looked at');
      }),
    ).not.toThrow();
  });

  it('is a GPU that the job was given', () => {
    const needed = /"provider": "cuda" needs a GPU, and this job has none; add "gres": "gpu:1" under "execution"/;
    expect(check({ nativeFolder: undefined, devices: ['null', 'nvidiactl'], visible: undefined })).toThrow(needed);
    // Slurm hides the machine's GPUs from a job that asked for none.
    expect(check({ ...gpu, visible: '', nativeFolder: undefined })).toThrow(needed);
    expect(check({ ...gpu, visible: 'NoDevFiles', nativeFolder: undefined })).toThrow(needed);
  });

  it('is the library that the package does not bring, named with how to get it', () => {
    const nativeFolder = temporaryFolder();
    expect(check({ ...gpu, nativeFolder: undefined })).toThrow(/needs onnxruntime-node, which is not installed/);
    expect(check({ ...gpu, nativeFolder })).toThrow(
      /needs libonnxruntime_providers_cuda\.so, which is not in .*; run `node script\/install --onnxruntime-node-install=cuda12`/,
    );
    writeFileSync(path.join(nativeFolder, 'libonnxruntime_providers_cuda.so'), '');
    expect(check({ ...gpu, nativeFolder })).not.toThrow();
  });
});
