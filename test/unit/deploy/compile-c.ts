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

const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-O1'];

/** Compiles C for this machine and runs it; returns what it prints. */
export function runC(folder: string, sources: readonly string[], flags: readonly string[] = [], input?: Uint8Array): string {
  const program = path.join(folder, 'program');
  execFileSync('gcc', ['-std=c99', ...strict, ...flags, ...sources, '-lm', '-o', program], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return execFileSync(program, { input, encoding: 'latin1', maxBuffer: 64e6 });
}

/** Cores that the C is compiled for, as microcontrollers have them. */
export const armCores = {
  'cortex-m4': ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'],
  'cortex-m55': ['-mcpu=cortex-m55', '-mthumb', '-mfloat-abi=hard'],
} as const;

/** Compiles without linking: the program would need a board's startup code. */
export function compileForArm(folder: string, core: keyof typeof armCores, sources: readonly string[]): void {
  for (const source of sources) {
    execFileSync('arm-none-eabi-gcc', ['-std=c99', ...strict, ...armCores[core], '-c', source, '-o', `${source}.${core}.o`], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
