import { defineConfig } from 'vitest/config';

/** One browser for each file: a page takes a processor while it draws. */
export default defineConfig({
  test: {
    include: ['test/panel/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
