/** A login node is shared by many people: nothing is trained there. */
import { hostname } from 'node:os';
import { EspalierError } from '../../errors.ts';
import type { Environment } from '../environment.ts';

/** For what trains outside of a run. Within a job no machine counts as a login node. */
export const trainInJob = 'do it in a job, for example with `srun` before the command';

/** @throws EspalierError `invalid-argument` where this machine hands jobs to a scheduler and runs none itself */
export async function refuseLoginNode({ isLoginNode }: Pick<Environment, 'isLoginNode'>, fix: string): Promise<void> {
  if ((await isLoginNode?.()) !== true) return;
  throw new EspalierError('invalid-argument', 'this is a login node of a Slurm cluster, where nothing should be trained', {
    where: hostname(),
    fix,
  });
}
