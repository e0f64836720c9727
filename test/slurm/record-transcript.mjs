/**
 * Records what Slurm's commands answer, for the unit tests, which have no Slurm: `node test/slurm/record-transcript.mjs`
 * writes test/unit/execution/slurm/transcript.json. As root, with Debian's slurm-wlm and munge.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startSlurmCluster } from './cluster.mjs';

const cluster = await startSlurmCluster();
const script = path.join(cluster.folder, 'job.sh');
writeFileSync(script, '#!/bin/sh\nsleep "${1:-100}"\nexit "${2:-0}"\n');
const transcript = [];

/** Paths and keys of the machine it was recorded on say nothing. */
const settings = /^(ClusterName|MaxArraySize|MaxJobCount|MinJobAge|SLURM_VERSION)\s/;

function record(note, command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: { ...process.env, ...cluster.environment, SLURM_BITSTR_LEN: '0' },
    encoding: 'utf8',
  });
  const kept = command === 'scontrol' && args[1] === 'config' ? stdout.split('\n').filter((line) => settings.test(line)) : [stdout];
  transcript.push({
    note,
    command,
    args: args.map((argument) => argument.replace(script, 'job.sh')),
    code: status,
    stdout: kept.join('\n'),
    stderr,
  });
  return stdout.trim();
}

const submit = (note, ...args) =>
  record(note, 'sbatch', '--parsable', '--job-name=espalier-run', '--nodes=1', '--ntasks=1', '--requeue', '--output=/dev/null', ...args);
const queue = (note) => record(note, 'squeue', '--noheader', '--name=espalier-run', '--user=root', '--format=%i|%T|%r|%N|%k');
const describe = (note, task) => record(note, 'scontrol', '--oneliner', 'show', 'job', task);

try {
  record('the cluster', 'scontrol', 'show', 'config');
  record('its machines', 'sinfo', '--noheader', '--Node', '--format=%n|%N');
  const parent = submit('an array', '--comment=1', '--array=0', script, '100');
  const children = submit(
    'an array after a task',
    '--comment=2',
    '--array=0-3,7',
    `--dependency=afterok:${parent}_0`,
    '--kill-on-invalid-dep=yes',
    script,
    '100',
  );
  submit(
    'an array after an array',
    '--comment=3',
    '--array=0,7',
    `--dependency=aftercorr:${children}`,
    '--kill-on-invalid-dep=yes',
    script,
    '100',
  );
  submit('no such partition', '--partition=gpu', '--array=0', script);
  submit('more processors than a machine has', '--comment=4', '--cpus-per-task=64', '--array=0', script);
  submit('more memory than a machine has', '--mem=64G', '--array=0', script);
  submit('an unknown resource', '--gres=gpu:1', '--array=0', script);
  await wait(3_000);
  queue('the queue');
  describe('a running task', `${parent}_0`);
  record('cancelled', 'scancel', '--quiet', `${parent}_0`);
  await wait(6_000);
  queue('the queue after a parent was cancelled');
  describe('a cancelled task', `${parent}_0`);
  describe('its child', `${children}_0`);
  record('cancelled again', 'scancel', '--quiet', `${parent}_0`, '99999_0');
  const failing = submit('a task that fails', '--comment=5', '--array=0', script, '0', '74');
  const succeeding = submit('a task that ends well', '--comment=6', '--array=0', script, '0');
  const limited = submit('a task with a limit', '--comment=7', '--array=0', '--time=1', script, '300');
  await wait(3_000);
  describe('a failed task', `${failing}_0`);
  describe('a completed task', `${succeeding}_0`);
  describe('a task that was forgotten', '99999_0');
  const again = submit('a task that is put back', '--comment=8', '--array=0', script, '300');
  await wait(3_000);
  record('put back', 'scontrol', 'requeue', `${again}_0`);
  await wait(8_000);
  queue('the queue with a task that was put back');
  await wait(80_000);
  describe('a task beyond its limit', `${limited}_0`);
} finally {
  await cluster.stop();
}
record('no controller', 'squeue', '--noheader', '--name=espalier-run', '--user=root', '--format=%i|%T|%r|%N|%k');
writeFileSync(
  path.join(import.meta.dirname, '..', 'unit', 'execution', 'slurm', 'transcript.json'),
  `${JSON.stringify(transcript, undefined, 2)}\n`,
);
