import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Environment } from '../core/tree/session.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { StagePool } from './stage-process/stage-pool.ts';

/** What the core is told of the program that it is part of. */
export function environment(): Environment {
  const bundle = fileURLToPath(import.meta.url);
  const beside = (name: string): string | undefined => {
    const script = path.join(path.dirname(bundle), name);
    return existsSync(script) ? script : undefined;
  };
  return {
    espalier: manifest.version,
    code: createHash('sha256').update(readFileSync(bundle)).digest('hex'),
    threadScript: beside('evaluation-thread.cjs'),
    readingScript: beside('reading-thread.cjs'),
    self: ownIdentity(),
    isAlive,
    startStageProcesses: (source) => new StagePool(bundle, source),
  };
}
