import { basename } from 'node:path';
import type { HardwareProfile } from '../../../shared/hardware.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { profileTflite } from '../../hardware/profile-tflite.ts';
import type { HardwareTarget } from '../../hardware/targets.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { importCompared } from '../import-compared.ts';
import { integerStructure } from './integer-structure.ts';
import { readTfliteBytes } from './read-model-file.ts';

export interface ProfileSettings {
  readonly target: HardwareTarget;
  readonly inputShape?: InputShape | undefined;
}

/**
 * What a model needs of a device. A .tflite is taken as it stands; every other model as the int8 .tflite that it becomes.
 *
 * @throws EspalierError `file-access`, `invalid-model` or `unsupported-model`
 */
export async function profileModel(path: string, settings: ProfileSettings): Promise<HardwareProfile> {
  const bytes = await readTfliteBytes(path);
  const { target } = settings;
  if (bytes !== undefined) return withFileInErrors(basename(path), () => profileTflite({ file: path, bytes, target }));
  const imported = await importCompared(path, { inputShapes: inputShapesOf(settings.inputShape) });
  const profile = profileTflite({ file: path, bytes: integerStructure(imported.network), target });
  return { ...profile, warnings: [...imported.warnings, 'profiled as the int8 .tflite that it becomes', ...profile.warnings] };
}
