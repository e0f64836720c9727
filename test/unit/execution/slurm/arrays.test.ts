import { describe, expect, it } from 'vitest';
import type { StageJob } from '../../../../src/core/tree/execution/executor.ts';
import { planTree } from '../../../../src/core/tree/deployment-tree.ts';
import { planArrays } from '../../../../src/execution/slurm/arrays.ts';
import type { ArrayPlan, JobArray } from '../../../../src/execution/slurm/arrays.ts';
import { flattenTree } from '../../../../src/shared/tree.ts';

function jobsOf(techniques: Parameters<typeof planTree>[0] = {}): readonly StageJob[] {
  const tree = planTree(techniques);
  return flattenTree(tree.root).map((entry) => ({
    entry,
    stage: tree.stages.get(entry.node.id)!,
    parentTrained: false,
    key: entry.node.id,
    parentKey: entry.parent?.id,
    rootKey: 'baseline',
  }));
}

const plan: ArrayPlan = { firstSubmission: 1, mostTasks: 1000, demandOf: () => ({ minutes: undefined }), placeOf: () => undefined };

/** `2: pruned clustered (after 1-0)` */
function briefly(arrays: readonly JobArray[]): readonly string[] {
  return arrays.map(({ submission, after, tasks }) => {
    const nodes = tasks.map(({ index, job }) => `${index}=${job.entry.node.id}`).join(' ');
    if (after === undefined) return `${submission}: ${nodes}`;
    return after.kind === 'task'
      ? `${submission}: ${nodes} after ${after.place.submission}-${after.place.index}`
      : `${submission}: ${nodes} each after ${after.submission}`;
  });
}

describe('arrays of a tree', () => {
  it('hold the children of one task, or the first, second… children of the tasks of an array', () => {
    expect(briefly(planArrays(jobsOf(), plan))).toEqual([
      '1: 0=baseline',
      '2: 0=pruned 1=clustered 2=ptq 3=qat after 1-0',
      '3: 0=pruned/ptq 1=clustered/ptq each after 2',
      '4: 0=pruned/pqat 1=clustered/cqat each after 2',
      '5: 0=pruned/clustered each after 2',
      '6: 0=pruned/clustered/ptq 1=pruned/clustered/pcqat after 5-0',
    ]);
  });

  it('are as many for a hundred variants as for two', () => {
    const variants = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `v${index}`, sparsity: 0.5 + index / 1000 }));
    const wide = planArrays(jobsOf({ pruning: variants(100), clustering: false }), plan);
    expect(wide).toHaveLength(planArrays(jobsOf({ pruning: variants(2), clustering: false }), plan).length);
    expect(wide.map(({ tasks }) => tasks.length)).toContain(100);
    const pqat = wide.find(({ tasks }) => tasks[0]?.job.entry.node.id === 'pruned-v0/pqat');
    expect(pqat?.tasks[42]).toMatchObject({ index: 42, job: { entry: { node: { id: 'pruned-v42/pqat' } } } });
  });

  it('every stage is in one of them, after its own parent', () => {
    const jobs = jobsOf({ pruning: [{}, { name: 'more', sparsity: 0.8 }], clustering: [{}, { name: 'few', clusters: 4 }] });
    const arrays = planArrays(jobs, plan);
    const place = new Map(
      arrays.flatMap(({ submission, tasks }) => tasks.map(({ index, job }) => [job.entry.node.id, `${submission}-${index}`] as const)),
    );
    expect([...place.keys()].toSorted()).toEqual(jobs.map(({ entry }) => entry.node.id).toSorted());
    for (const { after, tasks } of arrays) {
      for (const { index, job } of tasks) {
        const { parent } = job.entry;
        if (parent === undefined) continue;
        const waitsFor = after?.kind === 'task' ? `${after.place.submission}-${after.place.index}` : `${after?.submission ?? ''}-${index}`;
        expect(waitsFor).toBe(place.get(parent.id));
      }
    }
  });

  it('wait for nothing where parents have results, and for jobs that were submitted before', () => {
    const jobs = jobsOf().filter(({ entry }) => ['pruned/ptq', 'pruned/pqat', 'clustered/ptq'].includes(entry.node.id));
    expect(briefly(planArrays(jobs, plan))).toEqual(['1: 0=pruned/ptq 1=pruned/pqat 2=clustered/ptq']);
    const placeOf: ArrayPlan['placeOf'] = (node) => (node === 'pruned' ? { submission: 2, index: 5 } : undefined);
    expect(briefly(planArrays(jobs, { ...plan, firstSubmission: 7, placeOf }))).toEqual([
      '7: 0=pruned/ptq 1=pruned/pqat after 2-5',
      '8: 0=clustered/ptq',
    ]);
  });

  it('are of stages that ask for the same time, and no longer than Slurm allows', () => {
    const jobs = jobsOf().filter(({ entry }) => entry.level === 1);
    const demandOf: ArrayPlan['demandOf'] = ({ entry }) => ({ minutes: entry.node.id === 'ptq' ? 10 : 60 });
    const arrays = planArrays(jobs, { ...plan, mostTasks: 2, demandOf });
    expect(arrays.map(({ demand, tasks }) => [demand.minutes, tasks.map(({ job }) => job.entry.node.id)])).toEqual([
      [60, ['pruned', 'clustered']],
      [60, ['qat']],
      [10, ['ptq']],
    ]);
  });
});
