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
  const thread = path.join(path.dirname(bundle), 'evaluation-thread.cjs');
  return {
    espalier: manifest.version,
    code: createHash('sha256').update(readFileSync(bundle)).digest('hex'),
    threadScript: existsSync(thread) ? thread : undefined,
    self: ownIdentity(),
    isAlive,
    startStageProcesses: (source) => new StagePool(bundle, source),
  };
}
