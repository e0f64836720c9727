/** `espalier run` with its child process, both as they are shipped. */
import { spawnSync } from 'node:child_process';
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
