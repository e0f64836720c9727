/**
 * A Slurm cluster on this machine for the tests: Debian's slurm-wlm and munge on loopback, with a configuration, keys,
 * ports and folders of its own. Needs root: the daemons start jobs as their users.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Nodes that answer, and how long that may take: seconds on an idle machine. */
const STARTED_WITHIN_MILLISECONDS = 60_000;
const ENDED_WITHIN_MILLISECONDS = 10_000;
const [FIRST_PORT, LAST_PORT] = [20_000, 32_000];

/**
 * @param {{ nodes?: number, memory?: number }} options memory in MiB of each node
 * @returns {Promise<import('./cluster.d.mts').SlurmCluster>}
 */
export async function startSlurmCluster({ nodes = 4, memory = 2_000 } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'espalier-slurm-'));
  for (const name of ['state', 'spool', 'log', 'run']) mkdirSync(path.join(folder, name));
  const file = (name) => path.join(folder, name);
  const socket = file('run/munge.socket');
  writeFileSync(file('munge.key'), randomBytes(1_024), { mode: 0o600 });
  writeFileSync(file('slurm.conf'), slurmConfiguration(folder, socket, nodes, memory, await freePorts(nodes + 1)));
  const cluster = slurmCluster(folder, nodes);
  try {
    start(cluster.environment, 'munged', [
      '--force',
      `--key-file=${file('munge.key')}`,
      `--socket=${socket}`,
      `--pid-file=${file('run/munged.pid')}`,
      `--log-file=${file('log/munged.log')}`,
      `--seed-file=${file('munge.seed')}`,
    ]);
    start(cluster.environment, 'slurmctld', ['-c']);
    for (const name of cluster.nodes) cluster.startNode(name);
    await allIdle(cluster.environment, nodes);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/**
 * A cluster that another process has started.
 *
 * @returns {import('./cluster.d.mts').SlurmCluster}
 */
export function slurmCluster(folder, nodes) {
  const environment = { SLURM_CONF: path.join(folder, 'slurm.conf') };
  const pidFile = (name) => path.join(folder, 'run', `${name}.pid`);
  const names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  return {
    environment,
    folder,
    nodes: names,
    async killNode(node) {
      kill(Number(readFileSync(pidFile(`slurmd-${node}`), 'utf8')), 'SIGKILL');
      // A job's script lies in the node's spool; above it is the daemon of the job.
      for (const { pid, parent } of processesNaming(`${folder}/spool/${node}/`)) {
        for (const process of [parent, pid, ...descendants(pid)]) kill(process, 'SIGKILL');
      }
      rmSync(pidFile(`slurmd-${node}`), { force: true });
    },
    startNode: (node) => start(environment, 'slurmd', ['-N', node, '-c']),
    async stop() {
      // The nodes first: they report to the controller and sign with munge.
      for (const name of [...names.map((node) => `slurmd-${node}`), 'slurmctld', 'munged']) await end(pidFile(name), 'SIGTERM');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function start(environment, command, args) {
  const { status, stderr, error } = spawnSync(command, args, { env: { ...process.env, ...environment }, encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new Error(`${command} did not start: ${error?.message ?? stderr}`);
}

function slurmConfiguration(folder, socket, count, memory, [controller, ...ports]) {
  const host = os.hostname().split('.')[0];
  const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`).join(',');
  return [
    'ClusterName=espalier-tests',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${controller}`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    // A job that goes back into the queue waits as long as its old credential holds.
    `AuthInfo=socket=${socket},cred_expire=5`,
    'CredType=cred/munge',
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldPidFile=${folder}/run/slurmctld.pid`,
    `SlurmdPidFile=${folder}/run/slurmd-%n.pid`,
    `SlurmctldLogFile=${folder}/log/slurmctld.log`,
    `SlurmdLogFile=${folder}/log/slurmd-%n.log`,
    'ProctrackType=proctrack/pgid',
    'TaskPlugin=task/none',
    'SwitchType=switch/none',
    'MpiDefault=none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core_Memory',
    'DefMemPerCPU=1000',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    'SchedulerType=sched/backfill',
    // Decisions within a second: the tests wait for them.
    'SchedulerParameters=sched_min_interval=100000,bf_interval=2',
    'ReturnToService=2',
    'SlurmdTimeout=10',
    'KillWait=3',
    'OverTimeLimit=0',
    // Without cgroups the daemon of the job ends what takes too much memory.
    'JobAcctGatherType=jobacct_gather/linux',
    'JobAcctGatherFrequency=task=1',
    'JobAcctGatherParams=OverMemoryKill',
    'AccountingStorageType=accounting_storage/none',
    'SlurmdParameters=config_overrides',
    ...ports.map(
      (port, index) => `NodeName=n${index + 1} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=1 RealMemory=${memory}`,
    ),
    `PartitionName=all Nodes=${nodes} Default=YES MaxTime=INFINITE State=UP PriorityTier=1`,
    `PartitionName=urgent Nodes=${nodes} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF`,
    '',
  ].join('\n');
}

async function allIdle(environment, nodes) {
  const end = Date.now() + STARTED_WITHIN_MILLISECONDS;
  for (;;) {
    const { stdout = '' } = spawnSync('sinfo', ['--noheader', '--partition=all', '--Node', '--format=%T'], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    const idle = stdout.split('\n').filter((state) => state.trim() === 'idle').length;
    if (idle === nodes) return;
    if (Date.now() > end) throw new Error(`only ${idle} of ${nodes} Slurm nodes are up: ${stdout}`);
    await wait(200);
  }
}

/**
 * Ports that nothing listens on now; all held until all are known. They are below those that Linux gives to connections
 * (from 32768 on), of which other tests beside these open many before the daemons listen, and while one of them is down.
 */
async function freePorts(count) {
  const servers = [];
  for (let left = 200; servers.length < count; left--) {
    if (left === 0) throw new Error(`fewer than ${count} ports between ${FIRST_PORT} and ${LAST_PORT} are free`);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(randomInt(FIRST_PORT, LAST_PORT + 1), '127.0.0.1', () => resolve(true));
    });
    if (isFree) servers.push(server);
  }
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function end(pidFile, signal) {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  kill(pid, signal);
  const limit = Date.now() + ENDED_WITHIN_MILLISECONDS;
  while (isThere(pid) && Date.now() < limit) await wait(50);
  kill(pid, 'SIGKILL');
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

function isThere(pid) {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function processes() {
  const { stdout = '' } = spawnSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

function processesNaming(text) {
  return processes().filter(({ command }) => command.includes(text));
}

/** Children before their parents, so that none is adopted and forgotten. */
function descendants(pid) {
  return processes()
    .filter(({ parent }) => parent === pid)
    .flatMap((child) => [...descendants(child.pid), child.pid]);
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
