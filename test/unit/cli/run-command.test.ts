/** `espalier run` with its child process, both as they are shipped. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { Recipe } from '../../../src/shared/recipe/recipe.ts';
import { bundle, type Bundles } from '../../support/bundle.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await bundle('cli', 'worker');
});
afterAll(() => bundles.remove());

function project(changed: Partial<Recipe> = {}): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'model.tflite'), writeTflite({ kind: 'float', network: prepareForDeployment(mnistCnn({ seed: 1 })) }));
  const recipe = { model: 'model.tflite', data: { format: 'generated', set: 'digits', trainSize: 20, testSize: 20 }, ...changed };
  const file = path.join(folder, 'net.espalier.json');
  writeFileSync(file, JSON.stringify(recipe));
  return file;
}

function run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(bundles.folder, 'cli.cjs'), 'run', ...args], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

describe('espalier run', () => {
  it.each([
    ['2 when --node asks for it', {}, ['--node', 'baseline', 'pruned/cqat'], 2],
    ['1 when the recipe asks for it', { nodes: ['pruned/cqat'] }, [], 1],
    ['2 when both do: --node stands instead of what the recipe says', { nodes: ['prune'] }, ['--node', 'pruned/cqat'], 2],
  ] as const)('exits for a node that is not in the tree with %s, before anything is written', (_, changed, args, code) => {
    const recipe = project(changed);
    expect(run(recipe, ...args)).toEqual({
      code,
      out: '',
      err: expect.stringMatching(
        /^error: nodes: there is no node "pruned\/cqat"; did you mean "pruned\/pqat"\? use any of baseline, pruned, .*\n$/,
      ),
    });
    expect(existsSync(path.join(path.dirname(recipe), '.espalier'))).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('Ctrl-C', () => {
  /** The signals arrive at once, since the process stands still while they are sent. Two of one kind would arrive as one, so a second one is SIGTERM. */
  async function interrupted(args: readonly string[], started: 'now' | 'first line', signals: readonly NodeJS.Signals[]) {
    const child = spawn(process.execPath, [path.join(bundles.folder, 'cli.cjs'), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit');
    if (started === 'first line') await once(child.stdout, 'data');
    else await once(child, 'spawn');
    child.stdout.resume();
    for (const signal of ['SIGSTOP', ...signals, 'SIGCONT'] as const) child.kill(signal);
    const [code, signal]: unknown[] = await ended;
    return { code, signal };
  }

  it('ends a run in order, and at once when it comes twice', async () => {
    const long = project({ training: { epochs: 10_000 } });
    expect(await interrupted(['run', long, '--json'], 'first line', ['SIGINT'])).toEqual({ code: 1, signal: null });
    expect(await interrupted(['run', long, '--json'], 'first line', ['SIGINT', 'SIGTERM'])).toEqual({ code: 130, signal: null });
  });

  it('ends a command that works in its own process the first time, whatever it computes', async () => {
    const args = ['create', 'mnist-cnn', '-o', path.join(temporaryFolder(), 'x'), '--data', 'digits', '--epochs', '10000'];
    expect(await interrupted(args, 'now', ['SIGINT'])).toEqual({ code: null, signal: 'SIGINT' });
  });
});
