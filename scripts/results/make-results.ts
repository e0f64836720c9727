/** Trains what is missing and runs the recipes, through the command line, as a user would. */
import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Studies, type Study, studiesFolder } from './studies.ts';
import { runsOf } from './study-runs.ts';

export interface MakeOptions {
  readonly root: string;
  /** The built command line. */
  readonly cli: string;
  readonly threads: number | undefined;
}

/** The recipes name their data `data/…`: a link to the folder that holds them all. */
export function linkData(root: string, data: string | undefined): void {
  const link = path.join(root, studiesFolder, 'data');
  if (data !== undefined && !existsSync(link)) symlinkSync(path.resolve(data), link, 'dir');
}

/** Stages of other code must not be taken for those of this one. */
export function cleanCache(options: MakeOptions): void {
  espalier(['clean', '--cache'], options);
}

/** Throws when a command fails: what is finished is kept, and the next call goes on from there. */
export function makeStudy(study: Study, { baselines }: Studies, options: MakeOptions): void {
  for (const file of study.baselines ?? []) {
    const baseline = baselines[file];
    if (baseline === undefined) throw new Error(`${study.recipe}: no baseline "${file}" in studies.json`);
    if (existsSync(path.join(options.root, studiesFolder, file))) continue;
    const log = espalier(['create', ...baseline.create, '--output', file, ...threads(options)], options);
    writeFileSync(path.join(options.root, studiesFolder, `${file}.txt`), log);
  }
  for (const { seed, nodes } of runsOf(study)) {
    espalier(
      ['run', study.recipe, '--seed', String(seed), ...(nodes === undefined ? [] : ['--node', ...nodes]), ...threads(options)],
      options,
    );
  }
}

function threads({ threads: count }: MakeOptions): readonly string[] {
  return count === undefined ? [] : ['--threads', String(count)];
}

function espalier(args: readonly string[], { root, cli }: MakeOptions): string {
  console.log(`espalier ${args.join(' ')}`);
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args], {
    cwd: path.join(root, studiesFolder),
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  console.log(stdout.trimEnd());
  if (status !== 0) throw new Error(`espalier ${args[0] ?? ''} ended with exit code ${String(status)}`);
  return stdout;
}
