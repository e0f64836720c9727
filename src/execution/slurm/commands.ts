/** Slurm's commands: what is asked of them, and what their answers mean. */
import { EspalierError } from '../../shared/errors.ts';
import { parseJobDescription, parseQueue } from './answers.ts';
import type { JobDescription, QueuedTask } from './answers.ts';

export interface CommandResult {
  /** Exit code; undefined where the command did not end in time. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects with an error of code ENOENT where there is no such program. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandResult>;

export interface ClusterFacts {
  readonly version: string;
  readonly cluster: string;
  /** Indices of an array are below this. */
  readonly mostArrayTasks: number;
}

/** The scheduler does not answer now, or has no room: the same may well work later. */
export class SlurmBusy extends Error {
  override readonly name = 'SlurmBusy';
}

/** What sbatch says where the same request may succeed later. */
const temporary =
  /timed out|unable to contact|temporarily unable|connection refused|communication|try again|job submit limit|MaxSubmitJob|zero bytes were transmitted|slurmctld is in standby/i;

const MOST_ARRAY_TASKS = 1_001;

export class SlurmCommands {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** @throws EspalierError `engine` where this machine has no Slurm, or its controller does not answer */
  async facts(): Promise<ClusterFacts> {
    const { code, stdout, stderr } = await this.#ask('scontrol', ['show', 'config']);
    if (code !== 0) throw unreachableController(stderr);
    const value = (name: string): string | undefined => new RegExp(`^${name}\\s*=\\s*(.*?)\\s*$`, 'm').exec(stdout)?.[1];
    return {
      version: value('SLURM_VERSION') ?? 'of unknown version',
      cluster: value('ClusterName') ?? 'unknown',
      mostArrayTasks: Number(value('MaxArraySize') ?? MOST_ARRAY_TASKS) || MOST_ARRAY_TASKS,
    };
  }

  /** Names of the machines that run jobs, as the system and as Slurm calls them; undefined where nobody can tell. */
  async machines(): Promise<ReadonlySet<string> | undefined> {
    const { code, stdout } = await this.#ask('sinfo', ['--noheader', '--Node', '--format=%n|%N']);
    return code === 0 ? new Set(stdout.split(/[|\s]+/)) : undefined;
  }

  /**
   * Returns the id of the job.
   *
   * @throws SlurmBusy where the same request may succeed later; EspalierError `invalid-argument` where it will not
   */
  async submit(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#ask('sbatch', args);
    if (code === undefined) throw new SlurmBusy('sbatch did not end in time');
    // `--parsable` prints the id, and behind a semicolon the cluster.
    const id = /^(\d+)(;.*)?$/m.exec(stdout)?.[1];
    if (code === 0 && id !== undefined) return id;
    const message = lastLine(stderr) ?? lastLine(stdout) ?? `exit code ${code}`;
    if (temporary.test(message)) throw new SlurmBusy(message);
    throw new EspalierError('invalid-argument', `sbatch refuses the job: ${message}`, {
      where: 'execution',
      fix: 'change partition, account, gres, time or memory under "execution" in the recipe, then resume the run',
    });
  }

  /**
   * The tasks of this name that have not ended, of these users.
   *
   * @throws SlurmBusy where the controller does not answer
   */
  async queue(name: string, users: readonly string[]): Promise<readonly QueuedTask[]> {
    const args = ['--noheader', `--name=${name}`, `--user=${users.join(',')}`, '--format=%i|%T|%r|%N|%k'];
    const { code, stdout, stderr } = await this.#ask('squeue', args);
    if (code !== 0) throw new SlurmBusy(lastLine(stderr) ?? 'squeue did not end in time');
    return parseQueue(stdout);
  }

  /** What the controller still knows of a task; undefined where it has forgotten it or does not answer. */
  async describe(task: string): Promise<JobDescription | undefined> {
    const { code, stdout } = await this.#ask('scontrol', ['--oneliner', 'show', 'job', task]);
    return code === 0 ? parseJobDescription(stdout) : undefined;
  }

  /**
   * Ends jobs or tasks; those that have ended are no error.
   *
   * @throws EspalierError `invalid-argument` where they are another user's
   */
  async cancel(jobs: readonly string[]): Promise<void> {
    for (let start = 0; start < jobs.length; start += MOST_CANCELLED_AT_ONCE) {
      const { code, stderr } = await this.#ask('scancel', ['--quiet', ...jobs.slice(start, start + MOST_CANCELLED_AT_ONCE)]);
      if (code === 0) continue;
      const message = lastLine(stderr) ?? 'scancel did not end in time';
      if (!/permission denied/i.test(message)) throw new SlurmBusy(message);
      throw new EspalierError('invalid-argument', `scancel may not end the jobs of another user: ${message}`, {
        where: jobs.join(', '),
        fix: 'ask the user who submitted them to cancel the run',
      });
    }
  }

  async #ask(command: string, args: readonly string[]): Promise<CommandResult> {
    try {
      return await this.#run(command, args);
    } catch (cause) {
      throw new EspalierError('engine', `${command} is not on this machine`, {
        where: 'execution',
        fix: 'start the run where the commands of Slurm are (a login node), or use "kind": "local"',
        cause,
      });
    }
  }
}

const MOST_CANCELLED_AT_ONCE = 500;

function unreachableController(stderr: string): EspalierError {
  return new EspalierError('engine', `the controller of Slurm does not answer: ${lastLine(stderr) ?? 'scontrol did not end in time'}`, {
    where: 'execution',
    fix: 'try again when `sinfo` works',
  });
}

function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1)
    ?.replace(/^(sbatch|squeue|scontrol|scancel): (error: )?/, '')
    .trim();
}
