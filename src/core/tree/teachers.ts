/** The models that a recipe's trainings learn from, as files: their digests, and their networks once they have been checked. */
import path from 'node:path';
import { namedTeachers, teacherOf } from '../../shared/recipe/teachers.ts';
import { inputsOf } from '../data/inputs/model-inputs.ts';
import { EspalierError, isEspalierError } from '../errors.ts';
import { importModel } from '../import/import-model.ts';
import { OpenInputs } from '../import/open-inputs.ts';
import type { Network } from '../network/network.ts';
import { checkTeacher } from '../train/check-teacher.ts';
import type { Stage } from './deployment-tree.ts';
import type { StageJob } from './execution/executor.ts';
import type { ResolvedModel } from './recipe/resolve-recipe.ts';
import { digestModel } from './store/digest.ts';

/** By the paths that the recipe names them by. */
export type TeacherDigests = ReadonlyMap<string, string>;

/** @throws EspalierError where a teacher cannot be read */
export async function digestTeachers(recipe: object, folder: string): Promise<TeacherDigests> {
  const digests = new Map<string, string>();
  for (const { path: file } of namedTeachers(recipe)) digests.set(file, await digestModel(path.resolve(folder, file)));
  return digests;
}

/** The path in the stage's options; undefined where it learns from no other model. */
export function teacherOfStage(stage: Stage): string | undefined {
  return stage.technique === 'baseline' ? undefined : teacherOf(stage.options);
}

/**
 * For a stage that starts long after it was planned: its result is kept under the digest of that time.
 *
 * @param folder of the recipe
 * @throws EspalierError `invalid-model` where the file is another one by now
 */
export async function requireSameTeacher({ stage, teacher }: Pick<StageJob, 'stage' | 'teacher'>, folder: string): Promise<void> {
  const file = teacherOfStage(stage);
  if (file === undefined || teacher === undefined) return;
  const where = path.resolve(folder, file);
  if ((await digestModel(where)) === teacher) return;
  throw new EspalierError('invalid-model', 'the teacher was changed since the job was submitted', {
    where,
    fix: 'start the run again: results of the new files are kept apart',
  });
}

/**
 * @param folder of the recipe
 * @throws EspalierError where it cannot be read, or does not go with the network
 */
export async function importTeacher(
  file: string,
  folder: string,
  network: Network,
  { inputShapes }: Partial<Pick<ResolvedModel, 'inputShapes'>>,
): Promise<Network> {
  const found = await importSized(path.resolve(folder, file), inputShapes ?? inputsOf(network).map(({ shape }) => shape));
  checkTeacher(network, found, `teacher "${file}"`);
  return found;
}

/** Open lengths are the model's; a teacher without any may have its axes in another order, and then takes no shape. */
async function importSized(file: string, inputShapes: readonly (readonly number[])[]): Promise<Network> {
  try {
    return (await importModel(file)).network;
  } catch (error) {
    if (!isEspalierError(error) || !(error.cause instanceof OpenInputs)) throw error;
    return (await importModel(file, { inputShapes })).network;
  }
}

/**
 * Checks every teacher that a recipe names against a model, before anything is trained.
 *
 * @throws EspalierError that names the teacher
 */
export async function checkTeachers(
  recipe: object,
  folder: string,
  network: Network,
  model: Pick<ResolvedModel, 'inputShapes'>,
): Promise<void> {
  for (const file of new Set(namedTeachers(recipe).map((each) => each.path))) await importTeacher(file, folder, network, model);
}
