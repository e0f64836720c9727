import { describe, expect, it } from 'vitest';
import { refuseLoginNode } from '../../../src/core/tree/execution/login-node.ts';
import { chooseExecution } from '../../../src/core/tree/execution/scheduler.ts';
import type { RecipeDocument } from '../../../src/core/tree/recipe/recipe-document.ts';

const recipe: RecipeDocument = { model: 'net.h5', data: { format: 'generated', set: 'digits' } };
const onSlurm: RecipeDocument = { ...recipe, execution: { kind: 'slurm', partition: 'cpu', memory: '2G' } };

describe('where stages run', () => {
  it('is open where nobody says', () => {
    expect(chooseExecution(recipe, {})).toBeUndefined();
  });

  it('is as the editor is set, where neither run nor recipe says', () => {
    const settings = { defaultExecutor: 'slurm', slurmDefaults: { partition: 'night', account: 'lab' } } as const;
    expect(chooseExecution(recipe, settings)).toEqual({ kind: 'slurm', partition: 'night', account: 'lab' });
    expect(chooseExecution({ ...recipe, execution: { kind: 'local' } }, settings)).toEqual({ kind: 'local' });
    expect(chooseExecution(recipe, { ...settings, executor: 'local' })).toEqual({ kind: 'local' });
  });

  it('asks for what the run says, then the recipe, then the settings', () => {
    const options = { slurm: { memory: '8G' }, slurmDefaults: { partition: 'night', account: 'lab' } };
    expect(chooseExecution(onSlurm, options)).toEqual({ kind: 'slurm', partition: 'cpu', account: 'lab', memory: '8G' });
  });
});

describe('a login node', () => {
  it('trains nothing, and says what to do', async () => {
    const refused = refuseLoginNode({ isLoginNode: () => Promise.resolve(true) }, 'use `srun`');
    await expect(refused).rejects.toThrow(/this is a login node of a Slurm cluster, where nothing should be trained; use `srun`/);
    await refuseLoginNode({ isLoginNode: () => Promise.resolve(false) }, '');
    await refuseLoginNode({}, '');
  });
});
