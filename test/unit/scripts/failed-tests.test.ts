import path from 'node:path';
import { expect, test } from 'vitest';
import { countsOf } from '../../../scripts/vitest-layer.mjs';

const file = (name: string): string => path.join(import.meta.dirname, '..', '..', '..', 'test', name);

test('names each test that failed with its file and the start of its message, and each file that cannot be loaded', () => {
  const { failures, ...counts } = countsOf({
    numPassedTests: 1,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 3,
    testResults: [
      {
        name: file('a.test.ts'),
        status: 'failed',
        message: '',
        assertionResults: [
          { fullName: 'adds', status: 'passed', failureMessages: [] },
          { fullName: 'divides', status: 'failed', failureMessages: ['expected 1 to be 2\n at 1\n at 2\n at 3\n at 4\n at 5\n at 6'] },
        ],
      },
      { name: file('b.test.ts'), status: 'failed', message: 'cannot find c.ts', assertionResults: [] },
      { name: file('d.test.ts'), status: 'passed', message: '', assertionResults: [] },
    ],
  });
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: 5 });
  expect(failures).toEqual([
    `${path.join('test', 'a.test.ts')}: divides: expected 1 to be 2\n at 1\n at 2\n at 3\n at 4\n at 5`,
    `${path.join('test', 'b.test.ts')}: cannot find c.ts`,
  ]);
});
