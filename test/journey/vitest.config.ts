import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/journey/*.test.ts'],
    // Each journey has a whole editor to itself, and its steps build on each other.
    fileParallelism: false,
    bail: 1,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // On a busy machine the editor takes longer than a second to show what is asked for.
    expect: { poll: { timeout: 20_000 } },
  },
});
