/** Which process works on a run: `owner.json`, there as long as it does. A process that is killed leaves it behind. */
import { rmSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import { explainFailure, hasCode } from './atomic-files.ts';

export interface RunOwner {
  /** Id of the process. */
  readonly process: number;
  /** When it started, in the system's own words, where it tells: ids are used again. */
  readonly started?: string;
}

export type IsAlive = (owner: RunOwner) => boolean;

const ownerFile = 'owner.json';

/** @throws EspalierError `invalid-argument` when a living process works on the run */
export async function claimRun(runFolder: string, self: RunOwner, isAlive: IsAlive): Promise<void> {
  const file = path.join(runFolder, ownerFile);
  for (;;) {
    const owner = await readOwner(runFolder);
    if (owner !== undefined && isAlive(owner)) {
      throw new EspalierError('invalid-argument', `this run is going on in process ${owner.process}`, {
        where: path.basename(runFolder),
        fix: 'wait for its end, or cancel it there',
      });
    }
    await rm(file, { force: true });
    try {
      await explainFailure(file, async () => {
        // Of two processes that claim it at once, one finds the file there.
        const handle = await open(file, 'wx');
        await handle.writeFile(JSON.stringify(self)).finally(() => handle.close());
      });
      return;
    } catch (error) {
      if (!hasCode(error) || error.code !== 'EEXIST') throw error;
    }
  }
}

/** At once: a process that has told of a run's end may be ended. */
export function releaseRun(runFolder: string): void {
  rmSync(path.join(runFolder, ownerFile), { force: true });
}

/** Undefined where no process works on the run. */
export async function readOwner(runFolder: string): Promise<RunOwner | undefined> {
  try {
    const owner: RunOwner = JSON.parse(await readFile(path.join(runFolder, ownerFile), 'utf8'));
    return owner;
  } catch (error) {
    if (error instanceof SyntaxError || (hasCode(error) && error.code === 'ENOENT')) return undefined;
    throw error;
  }
}
