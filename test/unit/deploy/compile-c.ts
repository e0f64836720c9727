import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeployedFile } from '../../../src/deploy/plan.ts';

/** A folder with these files, for the time of `work`. */
export function inFolderOf<T>(files: readonly DeployedFile[], work: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'espalier-c-'));
  try {
    for (const { path: name, contents } of files) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const strictFlags = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-O1'] as const;

/** Compiles C for this machine and runs it; returns what it prints. */
export function runC(folder: string, sources: readonly string[], flags: readonly string[] = [], input?: Uint8Array): string {
  const program = path.join(folder, 'program');
  execFileSync('gcc', ['-std=c99', ...strictFlags, ...flags, ...sources, '-lm', '-o', program], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return execFileSync(program, { input, encoding: 'latin1', maxBuffer: 64e6 });
}
