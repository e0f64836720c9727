/** Data on the machine's own disk: a network file system that a hundred jobs read examples from is slow for all of them. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listDataFiles } from '../../core/data/list-data-files.ts';
import { relocateData } from '../../core/tree/recipe/relocate-data.ts';
import type { ResolvedModel } from '../../core/tree/recipe/resolve-recipe.ts';
import { withFileErrors } from '../../core/tree/store/atomic-files.ts';
import { digestData } from '../../core/tree/store/digest.ts';
import { EspalierError } from '../../shared/errors.ts';

export interface StagedData {
  /** The model with the copy of its data. */
  readonly model: ResolvedModel;
  readonly files: number;
  remove(): Promise<void>;
}

/**
 * Copies the files that a model's data block reads to `$TMPDIR`, and checks that the copy is whole.
 *
 * @param digest of the data, as the keys of the results hold it
 * @throws EspalierError `file-access` where the disk is full; `invalid-data` where the copy differs
 */
export async function stageData(model: ResolvedModel, digest: string, temporary: string = tmpdir()): Promise<StagedData> {
  const { data, dataFolder } = model;
  const folder = await withFileErrors(temporary, () => mkdtemp(path.join(temporary, 'espalier-data-')));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const { files } = await listDataFiles(data, dataFolder);
    const places = files.map((file) => path.relative(dataFolder, file.path));
    // Paths that lead out of the block's folder lead out of its copy, and must still end up below `folder`.
    const depth = Math.max(0, ...places.map((place) => place.split(path.sep).filter((part) => part === '..').length));
    const copy = path.join(folder, ...Array.from({ length: depth }, () => 'd'));
    for (const [index, file] of files.entries()) {
      const target = path.resolve(copy, places[index] ?? '');
      await withFileErrors(target, async () => {
        await mkdir(path.dirname(target), { recursive: true });
        await copyFile(file.path, target);
      });
    }
    // Absolute paths become relative ones, which the copy has too.
    const staged = { ...model, data: relocateData(data, dataFolder, dataFolder), dataFolder: copy };
    if ((await digestData(staged.data, copy)) !== digest)
      throw new EspalierError('invalid-data', 'the copy of the data differs from what the run was submitted with', {
        where: folder,
        fix: 'if the data were changed, start the run again; otherwise resume it',
      });
    return { model: staged, files: files.length, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
