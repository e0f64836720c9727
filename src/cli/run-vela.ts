import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { EspalierError } from '../core/errors.ts';
import { parseVelaSummary, type VelaSummary } from '../core/hardware/ethos-u/vela-summary.ts';

const run = promisify(execFile);
/** Compiling takes seconds; a compiler that hangs is given up. */
const longestMilliseconds = 600_000;

/**
 * Compiles a file with the user's own `vela`, with its default memories, in a folder that is removed afterwards.
 *
 * @param accelerator `ethos-u55-128`
 * @returns undefined where there is no `vela` on the path
 * @throws EspalierError `invalid-data` when it fails, or reports what cannot be read
 */
export async function runVela(bytes: Uint8Array, accelerator: string): Promise<VelaSummary | undefined> {
  const version = await velaVersion();
  if (version === undefined) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-vela-'));
  try {
    const file = path.join(folder, 'model.tflite');
    await writeFile(file, bytes);
    await run('vela', [file, '--accelerator-config', accelerator, '--output-dir', folder], { timeout: longestMilliseconds });
    const made = await readdir(folder);
    const summary = made.find((name) => name.includes('summary') && name.endsWith('.csv'));
    if (summary === undefined) throw new EspalierError('invalid-data', 'it wrote no summary', { where: version });
    const compiled = made.find((name) => name.endsWith('_vela.tflite'));
    const size = compiled === undefined ? undefined : (await stat(path.join(folder, compiled))).size;
    return parseVelaSummary(await readFile(path.join(folder, summary), 'utf8'), version, size);
  } catch (error) {
    if (error instanceof EspalierError) throw error;
    throw new EspalierError('invalid-data', `it failed: ${lastLine(error)}`, { where: version, fix: 'leave it out with --no-vela' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function velaVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await run('vela', ['--version'], { timeout: longestMilliseconds });
    return `Vela ${stdout.trim().split(/\s+/).at(-1) ?? ''}`.trim();
  } catch {
    return undefined;
  }
}

function lastLine(error: unknown): string {
  const printed = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  return printed.trim().split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
}
