import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/slurm/*.test.ts'],
    // Starts the cluster that all files share.
    globalSetup: process.env['ESPALIER_WITHOUT_SLURM'] === '1' ? [] : ['test/slurm/start-cluster.ts'],
    // Tests wait for the scheduler most of the time, and each has a machine of the cluster to itself.
    maxConcurrency: 16,
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
