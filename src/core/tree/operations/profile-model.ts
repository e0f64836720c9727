import { basename } from 'node:path';
import type { HardwareProfile, KernelLibrary } from '../../../shared/hardware.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { profileTflite } from '../../hardware/profile-tflite.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { importCompared } from '../import-compared.ts';
import { integerStructure } from './integer-structure.ts';
import { readTfliteBytes } from './read-model-file.ts';

export interface ProfileSettings {
  readonly kernels: KernelLibrary;
  readonly inputShape?: InputShape | undefined;
}

/**
 * What a model needs of a device. A .tflite is taken as it stands; every other model as the int8 .tflite that it becomes.
 *
 * @throws EspalierError `file-access`, `invalid-model` or `unsupported-model`
 */
export async function profileModel(path: string, settings: ProfileSettings): Promise<HardwareProfile> {
  const bytes = await readTfliteBytes(path);
  if (bytes !== undefined) return withFileInErrors(basename(path), () => profileTflite({ file: path, bytes, kernels: settings.kernels }));
  const imported = await importCompared(path, { inputShapes: inputShapesOf(settings.inputShape) });
  const profile = profileTflite({ file: path, bytes: integerStructure(imported.network), kernels: settings.kernels });
  return { ...profile, warnings: [...imported.warnings, 'profiled as the int8 .tflite that it becomes', ...profile.warnings] };
}
