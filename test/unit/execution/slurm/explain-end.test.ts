import { describe, expect, it } from 'vitest';
import { parseJobDescription } from '../../../../src/execution/slurm/answers.ts';
import { explainEnd, explainFailure } from '../../../../src/execution/slurm/explain-end.ts';
import type { EndedJob } from '../../../../src/execution/slurm/explain-end.ts';
import { recorded } from './transcript.ts';

const job = { job: '12_3', log: '/run/logs/12_3.log', options: { memory: '2G' } };
const explain = (ended: Partial<EndedJob>) => explainEnd({ ...job, record: undefined, description: undefined, printed: [], ...ended });
const of = (note: string) => parseJobDescription(recorded(note).stdout);

describe('why a job left the queue without a result', () => {
  it.each([
    [
      'time',
      { description: of('a task beyond its limit') },
      'job 12_3 on n2 reached its time limit of 00:01:00; give it more "time" under "execution" in the recipe, then resume the run: it goes on from its last checkpoint; its log is /run/logs/12_3.log',
    ],
    [
      'memory, as the system ends it',
      { record: { version: 1, outcome: 'killed', exitCode: 137, host: 'n7' } as const },
      'job 12_3 on n7 was killed, by the system if memory ran out (limit: 2G); give it more "memory" under "execution" in the recipe, then resume',
    ],
    [
      'memory, as Slurm knows it',
      { description: { state: 'OUT_OF_MEMORY', reason: undefined, exitCode: 0, signal: 125, timeLimit: undefined, host: 'n7' } },
      'job 12_3 on n7 was killed for its memory (limit: 2G)',
    ],
    [
      'memory, as the daemon of the job prints it without cgroups',
      {
        description: { state: 'FAILED', reason: 'JobLaunchFailure', exitCode: 0, signal: 9, timeLimit: undefined, host: 'n1' },
        printed: [
          'slurmstepd-n1: error: StepId=1.batch exceeded memory limit (151556096 > 62914560), being killed',
          'slurmstepd-n1: error: Exceeded job memory limit',
        ],
      },
      'job 12_3 on n1 was killed for its memory (limit: 2G); give it more "memory"',
    ],
    [
      'memory, as the daemon prints it with cgroups',
      {
        record: { version: 1, outcome: 'killed', exitCode: 134, host: 'n1' } as const,
        printed: ['slurmstepd: error: Detected 1 oom-kill event(s) in StepId=1.batch. Some of your processes may have been killed.'],
      },
      'job 12_3 on n1 was killed for its memory (limit: 2G)',
    ],
    [
      'a signal',
      { description: { state: 'FAILED', reason: undefined, exitCode: 0, signal: 9, timeLimit: undefined, host: 'n1' } },
      'job 12_3 on n1 was ended by signal 9 and left no result; resume the run',
    ],
    [
      'scancel',
      { description: of('a cancelled task') },
      'job 12_3 on n1 was cancelled with scancel or by an administrator; resume the run',
    ],
    [
      'its machine',
      { description: { state: 'NODE_FAIL', reason: undefined, exitCode: 0, signal: 0, timeLimit: undefined, host: 'n7' } },
      'job 12_3 on n7 was lost with its machine; resume the run: it goes on from its last checkpoint; its log is',
    ],
    [
      'the store',
      { description: of('a failed task') },
      'could not write to the folder of the run: its disk is full, or not reachable from there; free some space or mend the file system, then resume',
    ],
    ['nothing that is known', {}, 'job 12_3 left the queue without a result; resume the run'],
    [
      'another exit code',
      { record: { version: 1, outcome: 'killed', exitCode: 127 } as const },
      'job 12_3 ended with exit code 127 and left no result; resume the run',
    ],
    ['a signal of the scheduler', { record: { version: 1, outcome: 'stopped' } as const }, 'job 12_3 was stopped by the scheduler'],
  ])('is %s: named with job, machine, log and what to do', (_, ended, message) => {
    expect(explain(ended).message).toContain(message);
  });

  it('is what the program itself reported, with its code', () => {
    const record = { version: 1, outcome: 'failed', code: 'diverged', message: 'the loss is not a number', host: 'n1' } as const;
    expect(explainFailure(record, '12_3', '/log')).toMatchObject({
      code: 'diverged',
      message: 'job 12_3 on n1: the loss is not a number; its log is /log',
    });
    const bug = explainFailure({ ...record, code: 'internal', message: 'no array', stack: 'Error: no array\n at x' }, '12_3', '/log');
    expect(bug).toMatchObject({ name: 'Error', message: 'job 12_3 on n1: no array; its log is /log', stack: 'Error: no array\n at x' });
  });
});
