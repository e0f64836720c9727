/** Slurm as this machine sees it: its commands, its cluster, and the jobs of one run. */
import { execFile } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import type { StagePlace } from '../../core/tree/execution/executor.ts';
import type { OpenScheduler, ScheduledRun, Scheduler } from '../../core/tree/execution/scheduler.ts';
import { SlurmCommands } from './commands.ts';
import type { ClusterFacts, CommandResult, RunCommand } from './commands.ts';
import { RunJobFolder } from './job-folder.ts';
import { systemClock } from './pace.ts';
import { SlurmExecutor } from './slurm-executor.ts';
import { SlurmRun } from './slurm-run.ts';
import { StageTimes } from './stage-times.ts';

const MOST_MILLISECONDS_A_COMMAND = 60_000;
/** Ten thousand tasks, a line each. */
const MOST_BYTES_OF_OUTPUT = 64 * 2 ** 20;

/** @param program the worker's bundle, on a file system that all machines of the cluster share */
export function slurmOpener(program: string, runCommand: RunCommand = runProgram): OpenScheduler {
  return async (scheduled) => {
    const commands = new SlurmCommands(runCommand);
    return new SlurmScheduler(scheduled, commands, await commands.facts(), program);
  };
}

/**
 * Whether this is a machine that jobs are submitted from and none that they run on: a login node, which many people
 * share and nobody trains on. Within a job it is not, whatever the machine.
 */
export async function isLoginNode(runCommand: RunCommand = runProgram): Promise<boolean> {
  if (process.env['SLURM_JOB_ID'] !== undefined) return false;
  const host = hostname().split('.')[0] ?? '';
  try {
    const machines = await new SlurmCommands(runCommand).machines();
    return machines !== undefined && !machines.has(host);
  } catch {
    // There is no Slurm here.
    return false;
  }
}

class SlurmScheduler implements Scheduler {
  readonly #scheduled: ScheduledRun;
  readonly #commands: SlurmCommands;
  readonly #facts: ClusterFacts;
  readonly #program: string;
  readonly #times = new StageTimes();
  #opened: { readonly run: SlurmRun; readonly folder: RunJobFolder; readonly name: string } | undefined;

  constructor(scheduled: ScheduledRun, commands: SlurmCommands, facts: ClusterFacts, program: string) {
    this.#scheduled = scheduled;
    this.#commands = commands;
    this.#facts = facts;
    this.#program = program;
  }

  get description(): string {
    return `Slurm ${this.#facts.version}, cluster "${this.#facts.cluster}"`;
  }

  executor(model: Parameters<Scheduler['executor']>[0], place: StagePlace): SlurmExecutor {
    const { run, folder, name } = (this.#opened ??= this.#open(place.runFolder));
    return new SlurmExecutor({
      run,
      folder,
      facts: this.#facts,
      name,
      scheduled: this.#scheduled,
      model,
      place,
      program: this.#program,
      node: process.execPath,
      times: this.#times,
    });
  }

  stop(): void {
    this.#opened?.run.stop();
  }

  #open(runFolder: string): { readonly run: SlurmRun; readonly folder: RunJobFolder; readonly name: string } {
    const folder = new RunJobFolder(runFolder);
    const name = `espalier-${path.basename(runFolder)}`;
    const run = new SlurmRun({
      commands: this.#commands,
      folder,
      clock: systemClock,
      name,
      user: userInfo().username,
      options: this.#scheduled.execution,
    });
    return { run, folder, name };
  }
}

/** Of an allocation that this process may run in: sbatch would take its settings for the new job's. */
function environmentOfCommands(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('SLURM_') || name === 'SLURM_CONF');
  // Lists of tasks are printed whole.
  return { ...Object.fromEntries(kept), SLURM_BITSTR_LEN: '0' };
}

export const runProgram: RunCommand = (command, args) =>
  new Promise<CommandResult>((resolve, reject) => {
    execFile(
      command,
      [...args],
      { env: environmentOfCommands(), timeout: MOST_MILLISECONDS_A_COMMAND, maxBuffer: MOST_BYTES_OF_OUTPUT, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (error.code === 'ENOENT') reject(error);
        else resolve({ code: typeof error.code === 'number' ? error.code : undefined, stdout, stderr });
      },
    );
  });
