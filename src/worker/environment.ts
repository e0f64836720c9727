import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Environment } from '../core/tree/environment.ts';
import { codeDigest } from './code-digest.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { isLoginNode, slurmOpener } from '../execution/slurm/open-slurm.ts';
import { LocalExecutor } from '../execution/local/local-executor.ts';
import { StagePool } from '../execution/local/stage-pool.ts';

const bundle = fileURLToPath(import.meta.url);

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
