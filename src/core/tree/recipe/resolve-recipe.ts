import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EspalierError } from '../../errors.ts';
import type { DataSpec } from '../../data/spec/data-spec.ts';
import type { OutputsByName } from '../../../shared/recipe/output-options.ts';
import { inputShapesOf } from '../../../shared/recipe/input-shape.ts';
import { hasCode } from '../store/atomic-files.ts';
import { readDataBlock } from './read-data-block.ts';
import type { RecipeDocument } from './recipe-document.ts';

export interface ResolvedModel {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly data: DataSpec;
  /** What the data block's paths are relative to. */
  readonly dataFolder: string;
  /** For inputs of open size. */
  readonly inputShapes: readonly (readonly number[])[] | undefined;
  /** What the recipe says of outputs, by name. */
  readonly outputs?: OutputsByName | undefined;
}

/** Paths made absolute, data files read. */
export async function resolveModels(recipe: RecipeDocument, folder: string): Promise<readonly ResolvedModel[]> {
  const models = recipe.models ?? (recipe.model === undefined ? [] : [{ path: recipe.model }]);
  const resolved = await Promise.all(
    models.map(async (model): Promise<ResolvedModel> => {
      const data = ('data' in model ? model.data : undefined) ?? recipe.data;
      if (data === undefined)
        throw new EspalierError('invalid-recipe', 'has no data', { where: `model "${model.path}"`, fix: 'add "data" to the recipe' });
      const name = ('name' in model ? model.name : undefined) ?? nameOf(model.path);
      const { spec, folder: dataFolder } = await readDataBlock(data, folder);
      const inputShapes = inputShapesOf(('inputShape' in model ? model.inputShape : undefined) ?? recipe.inputShape);
      return {
        name,
        path: path.resolve(folder, model.path),
        data: withTestLimit(spec, recipe.measure?.testSamples),
        dataFolder,
        inputShapes,
        outputs: ('outputs' in model ? model.outputs : undefined) ?? recipe.outputs,
      };
    }),
  );
  const names = resolved.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new EspalierError('invalid-recipe', `two models are named "${twice}"`, { where: 'models', fix: 'give each a "name" of its own' });
  const alike = names.find((name, index) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) !== index);
  if (alike !== undefined)
    throw new EspalierError('invalid-recipe', `two names of models differ only in the case of letters: "${alike}"`, {
      where: 'models',
      fix: 'give them names that differ in more: on Windows and macOS their folders would be one',
    });
  return resolved;
}

function withTestLimit<Spec extends { readonly limit?: number | { readonly test?: number } }>(spec: Spec, test: number | undefined): Spec {
  if (test === undefined) return spec;
  const limits = typeof spec.limit === 'number' ? { train: spec.limit, validation: spec.limit, test: spec.limit } : spec.limit;
  return { ...spec, limit: { ...limits, test: Math.min(test, limits?.test ?? test) } };
}

/** @throws EspalierError `file-access` */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (!hasCode(cause)) throw cause;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'no permission to read it',
      EISDIR: 'it is a folder',
    };
    throw new EspalierError('file-access', reasons[cause.code] ?? cause.message, { where: file, cause, fix: 'check the path' });
  }
}

function nameOf(model: string): string {
  const base = path.basename(model);
  return /^(model\.json|saved_model\.pb)$/i.test(base)
    ? path.basename(path.dirname(path.resolve(model)))
    : base.replace(/\.(h5|hdf5|keras|tflite|onnx|json)$/i, '');
}
