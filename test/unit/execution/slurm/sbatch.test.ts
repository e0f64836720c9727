import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { batchScript, describeIndices, sbatchArguments } from '../../../../src/execution/slurm/sbatch.ts';
import type { Submission } from '../../../../src/execution/slurm/sbatch.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const submission: Submission = {
  name: 'espalier-run',
  comment: '3',
  script: '/run/jobs/3.sh',
  logFolder: '/run/100% new/logs',
  indices: [0, 1, 2, 5],
  dependency: undefined,
  threads: 4,
  exclusive: false,
  minutes: undefined,
  options: {},
};

describe('the arguments of sbatch', () => {
  it('ask for one machine, the threads that the bits depend on, and nothing that the recipe does not', () => {
    expect(sbatchArguments(submission)).toEqual([
      '--parsable',
      '--job-name=espalier-run',
      '--comment=3',
      '--array=0-2,5',
      '--nodes=1',
      '--ntasks=1',
      '--cpus-per-task=4',
      '--requeue',
      '--open-mode=append',
      '--output=/run/100%% new/logs/%A_%a.log',
      '/run/jobs/3.sh',
    ]);
  });

  it('ask for what the recipe names, the script last', () => {
    const args = sbatchArguments({
      ...submission,
      exclusive: true,
      minutes: 20,
      options: { partition: 'gpu', account: 'a1', qos: 'low', constraint: 'zen4', gres: 'gpu:1', memory: '8G', options: ['--nice=10'] },
    });
    expect(args).toEqual(
      expect.arrayContaining([
        '--exclusive',
        '--partition=gpu',
        '--account=a1',
        '--qos=low',
        '--constraint=zen4',
        '--gres=gpu:1',
        '--mem=8G',
        '--time=20',
        '--nice=10',
      ]),
    );
    expect(args.at(-1)).toBe('/run/jobs/3.sh');
  });

  it("take the recipe's time limit before a proposed one", () => {
    expect(sbatchArguments({ ...submission, minutes: 20, options: { time: '1-00' } })).toContain('--time=1-00');
  });

  it('wait for a task, or each task for its own of another array, and leave the queue when that fails', () => {
    const after = (dependency: Submission['dependency']) => sbatchArguments({ ...submission, dependency });
    expect(after({ kind: 'task', task: '12_3' })).toEqual(
      expect.arrayContaining(['--dependency=afterok:12_3', '--kill-on-invalid-dep=yes']),
    );
    expect(after({ kind: 'corresponding', job: '12' })).toContain('--dependency=aftercorr:12');
  });

  it('list indices by ranges', () => {
    expect(describeIndices([0])).toBe('0');
    expect(describeIndices([0, 1, 2, 3])).toBe('0-3');
    expect(describeIndices([0, 2, 3, 9])).toBe('0,2-3,9');
  });
});

/** The script with a program of shell in place of Node.js. */
function writeScript(program: string): { readonly file: string; readonly record: string; readonly folder: string } {
  const folder = path.join(temporaryFolder(), "it's a folder");
  mkdirSync(folder);
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  };
  const node = write('node', `#!/bin/sh\n${program}\n`);
  const script = batchScript({
    node,
    program: '/dist/worker.cjs',
    request: '/run/it is 3.json',
    records: folder,
    submission: '3',
    setup: ['export FROM_SETUP=yes'],
  });
  return { file: write('3.sh', script), record: path.join(folder, '3-7.ended.json'), folder };
}

const environment = { ...process.env, SLURM_ARRAY_TASK_ID: '7', SLURMD_NODENAME: 'n2' };

describe('the script of a job', () => {
  it('runs the program with its request and index after the setup, and ends with its exit code', () => {
    const { file, record } = writeScript('echo "$FROM_SETUP $@"; exit 0');
    const { status, stdout } = spawnSync('sh', [file], { env: environment, encoding: 'utf8' });
    expect(stdout).toBe('yes /dist/worker.cjs job /run/it is 3.json 7\n');
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual({ version: 1, outcome: 'killed', exitCode: 0, host: 'n2' });
  });

  it('leaves the record that the program could not, and none in place of its own', () => {
    const killed = writeScript('kill -KILL $$');
    expect(spawnSync('sh', [killed.file], { env: environment }).status).toBe(137);
    expect(JSON.parse(readFileSync(killed.record, 'utf8'))).toEqual({ version: 1, outcome: 'killed', exitCode: 137, host: 'n2' });

    const own = writeScript('echo own >"$RECORD"; exit 1');
    expect(spawnSync('sh', [own.file], { env: { ...environment, RECORD: own.record } }).status).toBe(1);
    expect(readFileSync(own.record, 'utf8')).toBe('own\n');
  });

  it('removes the record of an earlier start before it runs', () => {
    const { file, record } = writeScript('test -e "$RECORD" && exit 5; exit 6');
    writeFileSync(record, 'of before');
    expect(spawnSync('sh', [file], { env: { ...environment, RECORD: record } }).status).toBe(6);
  });

  it('passes on the signal that a job gets before its time is up, and waits for what the program makes of it', async () => {
    const { file, folder, record } = writeScript(
      `trap 'sleep 0.3; echo stopped >"$FOLDER/seen"; exit 143' TERM; : >"$FOLDER/ready"; while :; do sleep 0.05; done`,
    );
    const script = spawn('sh', [file], { env: { ...environment, FOLDER: folder } });
    const ended = new Promise<number | null>((resolve) => script.once('exit', resolve));
    await expect.poll(() => existsSync(path.join(folder, 'ready')), { timeout: 30_000 }).toBe(true);
    script.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(readFileSync(path.join(folder, 'seen'), 'utf8')).toBe('stopped\n');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ outcome: 'killed', exitCode: 143 });
  });
});
