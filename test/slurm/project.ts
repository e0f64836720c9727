/** A folder with a recipe, and the command line at work on it as a user starts it. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { inject } from 'vitest';
import type { RecipeDocument } from '../../src/core/tree/recipe/recipe-document.ts';
import { parseQueue } from '../../src/execution/slurm/answers.ts';
import type { RunEvent } from '../../src/shared/events.ts';
import type { SlurmOptions } from '../../src/shared/recipe/execution.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { slurmCluster } from './cluster.mjs';
import type { SlurmCluster } from './cluster.mjs';

export const withoutSlurm = process.env['ESPALIER_WITHOUT_SLURM'] === '1';

const cli = path.resolve('dist', 'cli.cjs');
const preload = pathToFileURL(path.resolve('test', 'slurm', 'wait-after-checkpoint.mjs')).href;

export function sharedCluster(): SlurmCluster {
  return slurmCluster(inject('slurmFolder'), inject('slurmNodes'));
}

/** What a command of Slurm prints. */
export function askSlurm(cluster: SlurmCluster, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { env: { ...process.env, ...cluster.environment }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

export class Project {
  readonly folder: string;
  readonly #cluster: SlurmCluster;
  /** Not in the folder, which a test may fill or take away. */
  readonly #gate: string;

  /** With the files of another one, its cache included. */
  constructor(folder: string, cluster: SlurmCluster, template: string) {
    this.folder = folder;
    this.#gate = path.join(temporaryFolder(), 'gate');
    this.#cluster = cluster;
    cpSync(template, folder, { recursive: true });
  }

  /** Each job waits after it has saved a checkpoint, until `letGo` is called or the job receives SIGTERM. */
  writeHeld(slurm: SlurmOptions): void {
    this.write(onlyPruned({ ...slurm, setup: [`export NODE_OPTIONS='--import ${preload}' ESPALIER_GATE='${this.#gate}'`] }));
  }

  letGo(): void {
    writeFileSync(this.#gate, '');
  }

  write(recipe: RecipeDocument): void {
    writeFileSync(path.join(this.folder, 'mnist.espalier.json'), JSON.stringify(recipe));
  }

  run(...args: readonly string[]): CommandLine {
    return new CommandLine(this.folder, this.#cluster, ['run', ...(args.includes('--resume') ? [] : ['mnist.espalier.json']), ...args]);
  }

  /** In a job of its own, as what must not run on a login node. */
  runInJob(...args: readonly string[]): CommandLine {
    return new CommandLine(
      this.folder,
      this.#cluster,
      ['run', 'mnist.espalier.json', ...args],
      ['srun', '--exclude=n[5-12]', process.execPath],
    );
  }

  /** Names of runs, oldest first. */
  runs(): readonly string[] {
    const folder = this.file('runs');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .toSorted();
  }

  file(...parts: readonly string[]): string {
    return path.join(this.folder, '.espalier', ...parts);
  }

  /** Of the latest run. */
  tflite(node: string): Buffer {
    return readFileSync(this.file('runs', this.runs().at(-1) ?? '', 'mnist', ...node.split('/'), 'result', 'model.tflite'));
  }

  hasCheckpoint(node: string): boolean {
    const folder = this.file('runs', this.runs().at(-1) ?? '', 'mnist', node);
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('checkpoint-'));
  }

  /** Tasks of the project's jobs that have not ended. */
  queue(): ReturnType<typeof parseQueue> {
    const names = this.runs().map((run) => `espalier-${run}`);
    if (names.length === 0) return [];
    return parseQueue(askSlurm(this.#cluster, 'squeue', '--noheader', `--name=${names.join(',')}`, '--format=%i|%T|%r|%N|%k'));
  }
}

/** The command line, and the worker below it. */
export class CommandLine {
  readonly events: RunEvent[] = [];
  readonly ended: Promise<number | null>;
  readonly #id: number;
  #errors = '';

  constructor(
    folder: string,
    cluster: SlurmCluster,
    args: readonly string[],
    launcher: readonly [string, ...string[]] = [process.execPath],
  ) {
    const [program, ...before] = launcher;
    const child = spawn(program, [...before, cli, ...args, '--json'], {
      cwd: folder,
      env: { ...process.env, ...cluster.environment },
      // A group of its own, to be killed as a whole.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#id = child.pid ?? 0;
    createInterface({ input: child.stdout }).on('line', (line) => this.events.push(JSON.parse(line) as RunEvent));
    child.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  }

  /** As when the machine that follows the run fails. */
  async killHost(): Promise<void> {
    process.kill(-this.#id, 'SIGKILL');
    await this.ended;
  }

  /** The first event of the kind, which may be there already. */
  async event<T extends RunEvent['type']>(type: T, node?: string): Promise<Extract<RunEvent, { readonly type: T }>> {
    return until(`${type} of ${node ?? 'the run'}`, this, () =>
      this.events.find(
        (event): event is Extract<RunEvent, { readonly type: T }> =>
          event.type === type && (node === undefined || ('node' in event && event.node === node)),
      ),
    );
  }

  messages(level: 'info' | 'warning' | 'error'): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
  }

  /** For a test that fails: what was seen. */
  describe(): string {
    return `${this.events.map((event) => JSON.stringify(event).slice(0, 300)).join('\n')}\n${this.#errors}`;
  }
}

const MILLISECONDS_BETWEEN_LOOKS = 100;
const MOST_MILLISECONDS = 300_000;

/** Waits for what has to become true while a command goes on. */
export async function until<T>(what: string, command: CommandLine, find: () => T | undefined | false): Promise<T> {
  const start = performance.now();
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (performance.now() - start > MOST_MILLISECONDS) throw new Error(`waited in vain for ${what}:\n${command.describe()}`);
    await new Promise((resolve) => setTimeout(resolve, MILLISECONDS_BETWEEN_LOOKS));
  }
}

/** A recipe that trains one stage for a few seconds, long enough for a checkpoint and a failure after it. */
export function onlyPruned(slurm: SlurmOptions): RecipeDocument {
  return {
    model: 'mnist.keras',
    data: { format: 'idx', folder: 'digits' },
    nodes: ['pruned'],
    training: { steps: 600, batchSize: 32 },
    techniques: { pruning: { sparsity: 0.5 } },
    measure: { latency: false },
    engine: { threads: 1, processes: 1 },
    execution: { kind: 'slurm', ...slurm },
    seed: 0,
  };
}
