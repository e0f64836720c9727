/** One commit for every figure: which code the runs of `npm run results` were made by, and since when. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Studies, studiesFolder } from './studies.ts';

export interface Provenance {
  /** Abbreviated hash. */
  readonly commit: string;
  /** Milliseconds since 1970; runs that began before are of other code. */
  readonly since: number;
}

/** What results depend on; documents may change between two calls. */
const sources = ['src', 'examples/guide', 'package-lock.json'];

const recordOf = (root: string): string => path.join(root, studiesFolder, '.espalier', 'results.json');

/** Undefined where `npm run results` has not trained anything yet. */
export function readProvenance(root: string): Provenance | undefined {
  return existsSync(recordOf(root)) ? (JSON.parse(readFileSync(recordOf(root), 'utf8')) as Provenance) : undefined;
}

/**
 * Goes on with the runs of this commit, or begins anew at another one: without cached stages and trained baselines.
 *
 * @param cleanCache deletes the cache of stages
 * @throws Error where sources differ from the commit: nobody could repeat what they give
 */
export function provenanceFor(root: string, { baselines }: Studies, cleanCache: () => void, now: number): Provenance {
  const changed = git(root, ['status', '--porcelain', '--', ...sources]).trimEnd();
  if (changed !== '') throw new Error(`results are those of a commit; commit or undo these changes first:\n${changed}`);
  const commit = git(root, ['rev-parse', '--short=7', 'HEAD']).trim();
  const known = readProvenance(root);
  if (known?.commit === commit) return known;
  cleanCache();
  for (const file of Object.keys(baselines)) rmSync(path.join(root, studiesFolder, file), { force: true });
  const provenance = { commit, since: now };
  mkdirSync(path.dirname(recordOf(root)), { recursive: true });
  writeFileSync(recordOf(root), JSON.stringify(provenance));
  return provenance;
}

function git(root: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}
