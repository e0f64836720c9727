/** Against what the commands of a real Slurm answered. */
import { describe, expect, it } from 'vitest';
import { expandTasks, parseJobDescription, parseQueue } from '../../../../src/execution/slurm/answers.ts';
import { SlurmBusy, SlurmCommands } from '../../../../src/execution/slurm/commands.ts';
import { recorded, replay } from './transcript.ts';

describe('the commands of Slurm', () => {
  it('tell the version, the name of the cluster and how long an array may be', async () => {
    const { run, asked } = replay('the cluster');
    expect(await new SlurmCommands(run).facts()).toEqual({ version: '22.05.8', cluster: 'espalier-tests', mostArrayTasks: 1001 });
    expect(asked).toEqual([['scontrol', 'show', 'config']]);
  });

  it('name the machines as the system does and as Slurm does', async () => {
    const machines = await new SlurmCommands(replay('its machines').run).machines();
    expect(machines).toContain('n1');
    expect(machines).toContain('n4');
    expect(machines).not.toContain('login');
  });

  it('return the id of a submitted array', async () => {
    expect(await new SlurmCommands(replay('an array after a task').run).submit(['job.sh'])).toBe('2');
    const federated = { code: 0, stdout: '4711;alps\n', stderr: '' };
    expect(await new SlurmCommands(() => Promise.resolve(federated)).submit([])).toBe('4711');
  });

  it.each([
    ['no such partition', 'Invalid partition name specified'],
    ['more memory than a machine has', 'Requested node configuration is not available'],
    ['an unknown resource', 'Invalid generic resource (gres) specification'],
  ])('refuse %s for good, in their own words', async (note, reason) => {
    await expect(new SlurmCommands(replay(note).run).submit([])).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(reason),
    });
    await expect(new SlurmCommands(replay(note).run).submit([])).rejects.toThrow(
      /^execution: sbatch refuses the job: .*; change partition, account/,
    );
  });

  it.each([
    'Unable to contact slurm controller (connect failure)',
    'Batch job submission failed: Socket timed out on send/recv operation',
    'Slurm temporarily unable to accept job, sleeping and retrying',
    "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
  ])('may take later what they refuse now: %s', async (message) => {
    const answer = { code: 1, stdout: '', stderr: `sbatch: error: ${message}\n` };
    await expect(new SlurmCommands(() => Promise.resolve(answer)).submit([])).rejects.toBeInstanceOf(SlurmBusy);
  });

  it('list the tasks that have not ended, one each', async () => {
    const { run, asked } = replay('the queue');
    const queue = await new SlurmCommands(run).queue('espalier-run', ['ann', 'root']);
    expect(asked[0]).toContain('--user=ann,root');
    expect(queue.filter(({ comment }) => comment === '2')).toEqual(
      [0, 1, 2, 3, 7].map((index) => ({ task: `2_${index}`, state: 'PENDING', reason: 'Dependency', host: undefined, comment: '2' })),
    );
    expect(queue.find(({ task }) => task === '1_0')).toEqual({
      task: '1_0',
      state: 'RUNNING',
      reason: undefined,
      host: 'n1',
      comment: '1',
    });
    expect(queue.find(({ comment }) => comment === '4')?.reason).toBe('PartitionConfig');
  });

  it('are silent without a controller', async () => {
    await expect(new SlurmCommands(replay('no controller').run).queue('espalier-run', ['root'])).rejects.toBeInstanceOf(SlurmBusy);
  });

  it.each([
    ['a running task', { state: 'RUNNING', host: 'n1', exitCode: 0 }],
    ['a cancelled task', { state: 'CANCELLED', host: 'n1' }],
    ['its child', { state: 'CANCELLED', reason: 'DependencyNeverSatisfied' }],
    ['a failed task', { state: 'FAILED', exitCode: 74 }],
    ['a completed task', { state: 'COMPLETED', exitCode: 0 }],
    ['a task beyond its limit', { state: 'TIMEOUT', reason: 'TimeLimit', timeLimit: '00:01:00' }],
  ])('describe %s', async (note, expected) => {
    expect(await new SlurmCommands(replay(note).run).describe('1_0')).toMatchObject(expected);
  });

  it('know nothing of a task that was forgotten', async () => {
    expect(await new SlurmCommands(replay('a task that was forgotten').run).describe('99999_0')).toBeUndefined();
  });

  it('cancel tasks, also such that have ended, some hundreds in one call', async () => {
    const { run, asked } = replay('cancelled again', 'cancelled');
    await new SlurmCommands(run).cancel(Array.from({ length: 600 }, (_, index) => `9_${index}`));
    expect(asked.map((call) => call.length)).toEqual([502, 102]);
  });

  it("say that another user's jobs are not theirs to cancel, instead of asking again and again", async () => {
    // As scancel of Slurm 22.05.8 answers.
    const stderr = 'scancel: error: Kill job error on job id 16: Access/permission denied\n';
    const commands = new SlurmCommands(() => Promise.resolve({ code: 210, stdout: '', stderr }));
    await expect(commands.cancel(['16_0'])).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/^16_0: scancel may not end the jobs of another user: Kill job error on job id 16/),
    });
  });

  it('say where they are missing what to do', async () => {
    const missing = new SlurmCommands(() => Promise.reject(Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' })));
    await expect(missing.facts()).rejects.toThrow(/scontrol is not on this machine; start the run where the commands of Slurm are/);
  });
});

describe('the lines of squeue', () => {
  it('share a line for the tasks of an array that wait', () => {
    expect(expandTasks('12_[0,3,7-9%2]')).toEqual(['12_0', '12_3', '12_7', '12_8', '12_9']);
    expect(expandTasks('12_[0-8:4]')).toEqual(['12_0', '12_4', '12_8']);
    expect(expandTasks('12_4')).toEqual(['12_4']);
    expect(expandTasks('12')).toEqual(['12']);
  });

  it('have a task that was put back wait for its begin', () => {
    expect(parseQueue(recorded('the queue with a task that was put back').stdout)).toContainEqual({
      task: '10_0',
      state: 'PENDING',
      reason: 'BeginTime',
      host: undefined,
      comment: '8',
    });
  });

  it('may be none, or damaged', () => {
    expect(parseQueue('')).toEqual([]);
    expect(parseQueue('\n|||\nslurm_load_jobs\n')).toEqual([]);
    expect(parseJobDescription('no such thing')).toBeUndefined();
  });
});
