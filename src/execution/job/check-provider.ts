/** Whether what a GPU needs is there, in words: onnxruntime itself only says that a library could not be opened. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import path from 'node:path';
import { EspalierError } from '../../shared/errors.ts';

const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';

export interface ProviderFacts {
  /** Of the package onnxruntime-node, with its native files; undefined where it is not installed. */
  readonly nativeFolder: string | undefined;
  /** Names in `/dev`. */
  readonly devices: readonly string[];
  /** `CUDA_VISIBLE_DEVICES`, which a scheduler sets to the GPUs of a job. */
  readonly visible: string | undefined;
}

/**
 * At the start of a job, before any data is read.
 *
 * @throws EspalierError `engine` that says which part is missing and how to get it
 */
export function checkProvider(provider: string, facts: () => ProviderFacts = factsOfThisMachine): void {
  if (provider !== 'cuda') return;
  const { nativeFolder, devices, visible } = facts();
  const fail = (what: string, fix: string): EspalierError => new EspalierError('engine', what, { where: hostname(), fix });
  if (!devices.some((name) => /^nvidia\d+$/.test(name)) || visible === '' || visible === 'NoDevFiles')
    throw fail('"provider": "cuda" needs a GPU, and this job has none', 'add "gres": "gpu:1" under "execution" in the recipe');
  if (nativeFolder === undefined)
    throw fail('"provider": "cuda" needs onnxruntime-node, which is not installed', 'install the packages again');
  if (!existsSync(path.join(nativeFolder, CUDA_LIBRARY))) {
    throw fail(
      `"provider": "cuda" needs ${CUDA_LIBRARY}, which is not in ${nativeFolder}`,
      'run `node script/install --onnxruntime-node-install=cuda12` in the folder of onnxruntime-node, which downloads it; CUDA 12 and cuDNN 9 must be on the library path too',
    );
  }
}

function factsOfThisMachine(): ProviderFacts {
  return { nativeFolder: nativeFolder(), devices: listOf('/dev'), visible: process.env['CUDA_VISIBLE_DEVICES'] };
}

/** `bin/napi-v6/linux/x64` in the package. */
function nativeFolder(): string | undefined {
  try {
    const bin = path.join(path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')), 'bin');
    const [abi] = listOf(bin).filter((name) => name.startsWith('napi-'));
    return abi === undefined ? undefined : path.join(bin, abi, process.platform, process.arch);
  } catch {
    return undefined;
  }
}

function listOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
