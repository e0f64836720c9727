import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerDeploy } from '../../../src/cli/commands/deploy.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import type { DeploymentResult } from '../../../src/shared/deployment.ts';
import { createExampleData } from '../deploy/example-data.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

let folder: string;
let file: string;
let output: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-deploy-'));
  file = join(folder, 'net.tflite');
  output = join(folder, 'out');
  await writeFile(file, serializeTflite(packableModel({ values: 16, sparsity: 0.5 })));
});
afterEach(() => rm(folder, { recursive: true }));

const espalier = (...args: readonly string[]): Promise<Ended> => runCli([registerDeploy], ['deploy', ...args]);

describe('espalier deploy', () => {
  it('prints the files and where to begin; without data it says what the folder lacks', async () => {
    const { code, out, err } = await espalier(file, '--to', 'esp-idf', '-o', output);
    expect(code).toBe(0);
    expect(out).toContain(join(output, 'main', 'net_preprocess.c'));
    expect(out).toMatch(/for ESP-IDF: begin with .*README\.md\n$/);
    expect(err).toMatch(/no data are given: the preprocessing only quantizes/);
  });

  it('gives the same as JSON, whose files are those of the folder', async () => {
    const data = await createExampleData(folder);
    const { out, err } = await espalier(file, '--to', 'android', '-o', output, '--data', data, '--name', 'my net', '--json');
    const result = JSON.parse(out) as DeploymentResult;
    expect(result).toMatchObject({ version: 1, target: 'android', output, name: 'my_net', warnings: [] });
    const found = (await readdir(output, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(result.files).toHaveLength(found.length);
    expect(result.files).toContain('src/main/java/espalier/MyNetModel.kt');
    expect(err).toBe('');
  });

  it('refuses an unknown target and a missing folder as wrong usage, and a full folder as an error', async () => {
    expect(await espalier(file, '--to', 'toaster', '-o', output)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Allowed choices are tflm, arduino/),
    });
    expect(await espalier(file, '--to', 'web')).toMatchObject({ code: 2 });
    expect(await espalier(file, '--to', 'web', '-o', folder)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/the folder is not empty/),
    });
  });
});
