import { mkdir, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../core/errors.ts';
import { withFileInErrors } from '../core/import/file-errors.ts';
import { requirePlain, unpackModel } from '../core/tflite/pack/unpack-model.ts';
import { readTflite } from '../core/tflite/read-tflite.ts';
import { fileInterface } from '../core/tflite/tflite-model.ts';
import { openModelData } from '../core/tree/operations/open-model-data.ts';
import { requireTflite } from '../core/tree/operations/read-model-file.ts';
import { fillFolderAtomically } from '../core/tree/store/atomic-files.ts';
import { DEPLOYMENT_VERSION, type Deployment, deploymentTargetTitles, type DeploymentResult } from '../shared/deployment.ts';
import { checkRunsInMicro, microPlan } from './micro-plan.ts';
import type { DeployedFile } from './plan.ts';
import { planDeployment } from './plan-deployment.ts';
import { deploymentTargets } from './targets.ts';

/**
 * Writes a folder with everything that a program needs to run a .tflite on a target: the model, its preprocessing, a test
 * case, build files. The folder must be empty or not exist. It appears complete or not at all.
 *
 * @throws EspalierError `file-access`, `invalid-model`, `invalid-data`; `unsupported-model` where the target cannot run
 * the file
 */
export async function deployModel({ file, output, target, data, name }: Deployment): Promise<DeploymentResult> {
  const bytes = await requireTflite(file);
  await requireFree(output);
  const row = deploymentTargets[target];
  const warnings: string[] = [];
  const ends = withFileInErrors(path.basename(file), () => {
    const model = readTflite(bytes);
    if (!row.decodes) requirePlain(model, deploymentTargetTitles[target]);
    if (row.runtime === 'tflm') warnings.push(...checkRunsInMicro(model));
    return fileInterface(unpackModel(model));
  });
  const opened = data === undefined ? undefined : await openModelData(data, ends, (warning) => warnings.push(warning));
  if (opened === undefined)
    warnings.push('no data are given: the preprocessing only quantizes, and the test case is random numbers (use --data)');
  const plan = await planDeployment({ file, bytes, name, data: opened?.test });
  const made = row.runtime === 'tflm' ? row.files(microPlan(plan)) : row.files(plan);
  await fillFolderAtomically(output, (folder) => writeFiles(folder, made));
  return { version: DEPLOYMENT_VERSION, target, output, name: plan.name, files: made.map((one) => one.path).sort(), warnings };
}

async function requireFree(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return;
  const isFree = found.isDirectory() && (await readdir(folder)).length === 0;
  // Not every system renames onto a folder, even if it is empty.
  if (isFree) await rmdir(folder);
  else
    throw new EspalierError('file-access', found.isDirectory() ? 'the folder is not empty' : 'is a file', {
      where: folder,
      fix: 'give a folder that does not exist yet',
    });
}

async function writeFiles(folder: string, files: readonly DeployedFile[]): Promise<void> {
  for (const { path: name, contents } of files) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, contents);
  }
}
