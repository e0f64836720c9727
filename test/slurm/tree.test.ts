/** A whole tree and, but in the short form, a search of targets, on machines of a cluster and on this one. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecipeDocument } from '../../src/core/tree/recipe/recipe-document.ts';
import { flattenTree } from '../../src/shared/tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { makeModel } from './make-model.ts';
import { Project, sharedCluster, withoutSlurm } from './project.ts';

/**
 * When it searches, only the pruned files are small enough, and five tiny steps do not bring back what 99% sparsity loses: the whole tree is
 * walked, and then the sparsity is searched.
 */
const recipe: RecipeDocument = {
  model: 'mnist.keras',
  data: { format: 'idx', folder: 'digits' },
  training: { steps: 5, learningRate: 1e-6 },
  techniques: { pruning: { sparsity: 0.99 }, clustering: { clusters: 4 } },
  measure: { latency: false },
  engine: { threads: 1, processes: 1 },
  execution: { kind: 'slurm', stage: true, options: ['--exclude=n[5-12]'] },
  seed: 0,
};
const isShort = process.env['ESPALIER_SLURM'] === 'short';
const searching: RecipeDocument = {
  ...recipe,
  targets: { accuracyDrop: 0, compressedBytes: 3_000 },
  strategy: { kind: 'until-targets', search: { stages: 4 } },
};

describe.skipIf(withoutSlurm)('a tree and a search', () => {
  const folder = temporaryFolder();
  beforeAll(() => makeModel(folder));

  it.skipIf(isShort)('from a budget find the same files as jobs as they do here', async () => {
    const cluster = sharedCluster();
    const [onCluster, here] = ['cluster', 'here'].map((name) => new Project(path.join(temporaryFolder(), name), cluster, folder));
    for (const project of [onCluster!, here!])
      project.write({
        ...recipe,
        data: { format: 'idx', folder: 'digits', validation: 0.3 },
        training: {},
        techniques: {},
        strategy: { kind: 'pareto', steps: 1200, budgets: [{ compressedBytes: 8_000 }] },
      });
    const slurm = onCluster!.runInJob();
    const local = here!.run('--executor', 'local');
    expect(await slurm.ended, slurm.describe()).toBe(await local.ended);

    const grown = slurm.events.findLast((event) => event.type === 'tree-grown');
    if (grown === undefined) throw new Error(`nothing was trained:\n${slurm.describe()}`);
    const files = flattenTree(grown.tree).map(({ node }) => node.id);
    expect(files.length).toBeGreaterThan(2);
    for (const id of files) expect(onCluster!.tflite(id).equals(here!.tflite(id)), id).toBe(true);
    const recommended = [onCluster!, here!].map((project) =>
      readFileSync(project.file('runs', project.runs()[0]!, 'recommended', 'mnist-budget-1.tflite')),
    );
    expect(recommended[0]!.equals(recommended[1]!)).toBe(true);
    expect(slurm.events.some((event) => event.type === 'node-started' && event.job !== undefined)).toBe(true);
  });

  it('have the same bytes as jobs of four machines and as processes of this one', async () => {
    const cluster = sharedCluster();
    const [onCluster, here] = ['cluster', 'here'].map((name) => new Project(path.join(temporaryFolder(), name), cluster, folder));
    for (const project of [onCluster!, here!]) project.write(isShort ? recipe : searching);
    const slurm = onCluster!.run();
    const local = here!.run('--executor', 'local');
    expect(await slurm.ended, slurm.describe()).toBe(await local.ended);

    const grown = slurm.events.findLast((event) => event.type === 'tree-grown');
    if (!isShort) expect(grown, slurm.describe()).toBeDefined();
    const finished = slurm.events.flatMap((event) => (event.type === 'node-finished' ? [event.node] : []));
    const ids = grown === undefined ? finished : flattenTree(grown.tree).map(({ node }) => node.id);
    expect(ids.length).toBeGreaterThan(isShort ? 11 : 12);
    for (const id of ids) expect(onCluster!.tflite(id).equals(here!.tflite(id)), id).toBe(true);

    const hosts = slurm.events.flatMap((event) => (event.type === 'node-started' ? [event.host] : []));
    expect(new Set(hosts).size, hosts.join()).toBeGreaterThan(1);
    const jobs = Object.fromEntries(
      slurm.events.flatMap((event) => (event.type === 'node-started' && event.job !== undefined ? [[event.node, event.job]] : [])),
    );
    const log = readFileSync(onCluster!.file('runs', onCluster!.runs()[0]!, 'jobs', 'logs', `${jobs['pruned']}.log`), 'utf8');
    expect(log).toContain("4 files of data are on this machine's own disk");
  });
});
