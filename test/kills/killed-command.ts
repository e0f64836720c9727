/** The command line and its worker, killed as a whole. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const cli = path.resolve('dist', 'cli.cjs');
const preload = pathToFileURL(path.resolve('test', 'kills', 'kill-at.mjs')).href;

export type Moment = 'before' | 'amid' | 'after';

export interface Kill {
  /** Only operations on files below this folder count. */
  readonly under: string;
  /** Which of them, from 1; without it they are only counted. */
  readonly at?: number | undefined;
  readonly moment?: Moment | undefined;
}

export interface CommandEnd {
  /** Undefined where it was killed. */
  readonly code: number | undefined;
  readonly milliseconds: number;
  /** Most operations of one process, where none was killed by itself. */
  readonly operations: number;
  /** At which operation it was killed. */
  readonly killed: string | undefined;
  readonly output: string;
}

/** @param killAfter milliseconds after which the process group gets SIGKILL */
export function runCommand(folder: string, args: readonly string[], kill?: Kill, killAfter?: number): Promise<CommandEnd> {
  const notes = mkdtempSync(path.join(os.tmpdir(), 'espalier-kill-'));
  const counts = path.join(notes, 'counts');
  const start = performance.now();
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${preload}`,
      ESPALIER_KILL: JSON.stringify({ ...kill, counts }),
    },
    // A group of its own, to be killed as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const timer = killAfter === undefined ? undefined : setTimeout(() => killGroup(child.pid), killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const milliseconds = performance.now() - start;
      const lines = existsSync(counts) ? readFileSync(counts, 'utf8').split('\n') : [];
      rmSync(notes, { recursive: true });
      const operations = Math.max(0, ...lines.map((line) => Number(/^counted (\d+)/.exec(line)?.[1] ?? 0)));
      const killed = lines.find((line) => line.startsWith('killed '))?.slice('killed '.length);
      resolve({ code: code ?? undefined, milliseconds, operations, killed, output });
    });
  });
}

function killGroup(id: number | undefined): void {
  try {
    if (id !== undefined) process.kill(-id, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
