import type { TestProject } from 'vitest/node';
import { startSlurmCluster } from './cluster.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    slurmFolder: string;
    slurmNodes: number;
  }
}

/** Of one processor each; more than this machine has, since jobs of the tests wait a lot. */
const NODES = 12;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startSlurmCluster({ nodes: NODES });
  project.provide('slurmFolder', cluster.folder);
  project.provide('slurmNodes', NODES);
  return () => cluster.stop();
}
