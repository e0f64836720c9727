import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Environment } from '../core/tree/environment.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { isLoginNode, slurmOpener } from '../execution/slurm/open-slurm.ts';
import { LocalExecutor } from '../execution/local/local-executor.ts';
import { StagePool } from '../execution/local/stage-pool.ts';

const bundle = fileURLToPath(import.meta.url);

let digest: string | undefined;

/** SHA-256 of this bundle, read once: it is megabytes long, and the code in memory stays the same where an update replaces the file. */
function codeDigest(): string {
  digest ??= createHash('sha256').update(readFileSync(bundle)).digest('hex');
  return digest;
}

/** What the core needs to know of the program that it is part of. */
export function environment(): Environment {
  const beside = (name: string): string | undefined => {
    const script = path.join(path.dirname(bundle), name);
    return existsSync(script) ? script : undefined;
  };
  return {
    espalier: manifest.version,
    code: codeDigest(),
    threadScript: beside('evaluation-thread.cjs'),
    readingScript: beside('reading-thread.cjs'),
    self: ownIdentity(),
    isAlive,
    localExecutor: (stages) => new LocalExecutor(stages),
    openScheduler: slurmOpener(bundle),
    isLoginNode: () => isLoginNode(),
    startStageProcesses: (source) => new StagePool(bundle, source),
  };
}
