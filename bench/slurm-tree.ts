/**
 * The digits tree on a Slurm cluster of this machine beside processes of this machine: wall time at the same number of
 * threads, and whether all files are the same bytes.
 *
 * `npm run bench -- slurm-tree [machines] [repeats]`, as root, with Debian's slurm-wlm and munge, after
 * `npm run build -- cli worker evaluation-thread reading-thread hdf5-reader`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describeProcessor } from '../src/core/tree/execution/machine.ts';
import type { RecipeDocument } from '../src/core/tree/recipe/recipe-document.ts';
import { flattenTree } from '../src/shared/tree.ts';
import type { RunEvent } from '../src/shared/events.ts';
import { startSlurmCluster } from '../test/slurm/cluster.mjs';

const cli = path.resolve('dist', 'cli.cjs');
const THREADS = 1;

interface Way {
  readonly name: string;
  readonly processes: number;
  readonly args: readonly string[];
}

interface Measured {
  readonly seconds: number;
  /** By node, of the `.tflite`. */
  readonly digests: ReadonlyMap<string, string>;
  readonly hosts: ReadonlySet<string>;
}

export async function run([machines = '4', repeats = '1']: readonly string[]): Promise<void> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'espalier-slurm-tree-'));
  const cluster = await startSlurmCluster({ nodes: Number(machines) });
  try {
    const project = path.join(root, 'project');
    command(root, {}, ['create-example', project]);
    console.log(`${describeProcessor()}, ${os.availableParallelism()} cores; ${machines} Slurm nodes of one processor on them`);
    const ways: readonly Way[] = [
      { name: 'local, 1 process', processes: 1, args: ['--executor', 'local'] },
      { name: 'local, 2 processes', processes: 2, args: ['--executor', 'local'] },
      { name: `slurm, ${machines} nodes`, processes: 1, args: ['--executor', 'slurm'] },
    ];
    let reference: Measured | undefined;
    for (let repeat = 0; repeat < Number(repeats); repeat++) {
      for (const way of ways) {
        const measured = measure(project, path.join(root, `${repeat} ${way.name}`), way, cluster.environment);
        reference ??= measured;
        console.log(
          `${way.name}: ${measured.seconds.toFixed(1)} s for ${measured.digests.size} files, ${agreement(measured, reference)}${measured.hosts.size > 0 ? `; jobs on ${[...measured.hosts].toSorted().join(', ')}` : ''}`,
        );
      }
    }
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** A run with an empty cache, from the start of the command line to its end. */
function measure(project: string, folder: string, { processes, args }: Way, environment: Readonly<Record<string, string>>): Measured {
  cpSync(project, folder, { recursive: true });
  const file = path.join(folder, 'digits.espalier.json');
  const recipe: RecipeDocument = {
    ...(JSON.parse(readFileSync(file, 'utf8')) as RecipeDocument),
    // Nodes that share a machine disturb each other's latencies.
    measure: { latency: false },
    engine: { threads: THREADS, processes },
  };
  writeFileSync(file, JSON.stringify(recipe));
  const start = performance.now();
  const events = command(folder, environment, ['run', 'digits.espalier.json', '--json', ...args])
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RunEvent]));
  const seconds = (performance.now() - start) / 1000;
  const started = events.find((event) => event.type === 'run-started');
  const [name = ''] = readdirSync(path.join(folder, '.espalier', 'runs'));
  const digests = new Map(
    (started?.models ?? []).flatMap(({ model, tree }) =>
      flattenTree(tree).map(({ node }) => {
        const tflite = path.join(folder, '.espalier', 'runs', name, model, ...node.id.split('/'), 'result', 'model.tflite');
        return [node.id, createHash('sha256').update(readFileSync(tflite)).digest('hex')] as const;
      }),
    ),
  );
  const hosts = new Set(events.flatMap((event) => (event.type === 'node-started' && event.host !== undefined ? [event.host] : [])));
  return { seconds, digests, hosts };
}

function agreement({ digests }: Measured, reference: Measured): string {
  const different = [...digests].filter(([node, digest]) => reference.digests.get(node) !== digest).map(([node]) => node);
  return different.length === 0 ? 'the same bytes' : `different bytes: ${different.join(', ')}`;
}

function command(folder: string, environment: Readonly<Record<string, string>>, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`espalier ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}
