import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';

/** Prints how often the heap is marked while arrays of 20 KB come and go beside 30 MB of objects. */
const allocating = `
const { PerformanceObserver, constants } = require('node:perf_hooks');
let markings = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) markings++;
}).observe({ entryTypes: ['gc'] });
const kept = Array.from({ length: 300000 }, (_, i) => ({ i, text: 'number ' + i }));
const recent = [];
let round = 0;
const next = () => {
  for (let i = 0; i < 100; i++) recent[(100 * round + i) % 1000] = new Float32Array(5000);
  if (++round < 400) return setImmediate(next);
  setTimeout(() => console.log(markings, kept.length), 50);
};
next();
`;

async function markings(before: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', `${before}\n${allocating}`]);
  return Number.parseInt(stdout, 10);
}

it('the worker marks its heap less often than the engine does by itself', async () => {
  const source = await readFile(path.resolve('src/worker/collect-less-often.ts'), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'cjs' });
  const byItself = await markings('');
  const asked = await markings(`${code}\nmodule.exports.collectLessOften();`);
  expect(byItself).toBeGreaterThan(0);
  expect(asked).toBeLessThan(byItself / 1.5);
});
