import { expect, it, vi } from 'vitest';

const { flags } = vi.hoisted(() => ({ flags: new Array<string>() }));
vi.mock('node:v8', () => ({ setFlagsFromString: (flag: string) => flags.push(flag) }));

/** How often the engine then marks depends on the load of the machine, so that it is not counted here. */
it('the worker asks for a heap that may grow to three times its size between markings', async () => {
  const { collectLessOften } = await import('../../../src/worker/collect-less-often.ts');
  collectLessOften();
  expect(flags).toEqual(['--heap-growing-percent=200']);
});
