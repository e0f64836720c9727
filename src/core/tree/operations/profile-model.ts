import { basename } from 'node:path';
import type { HardwareProfile } from '../../../shared/hardware.ts';
import { inputShapesOf, type InputShape } from '../../../shared/recipe/input-shape.ts';
import { isEspalierError } from '../../errors.ts';
import { withVelaSummary, type VelaSummary } from '../../hardware/ethos-u/vela-summary.ts';
import { profileTflite } from '../../hardware/profile-tflite.ts';
import type { HardwareTarget } from '../../hardware/targets.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { importCompared } from '../import-compared.ts';
import { integerStructure } from './integer-structure.ts';
import { readTfliteBytes } from './read-model-file.ts';

export interface ProfileSettings {
  readonly target: HardwareTarget;
  readonly inputShape?: InputShape | undefined;
  /** Runs the user's own compiler for the NPU; undefined where there is none. */
  readonly vela?: ((bytes: Uint8Array, accelerator: string) => Promise<VelaSummary | undefined>) | undefined;
}

/**
 * What a model needs of a device. A .tflite is taken as it stands; every other model as the int8 .tflite that it becomes.
 *
 * @throws EspalierError `file-access`, `invalid-model` or `unsupported-model`
 */
export async function profileModel(path: string, settings: ProfileSettings): Promise<HardwareProfile> {
  const bytes = await readTfliteBytes(path);
  if (bytes !== undefined) return profileBytes(path, bytes, settings);
  const imported = await importCompared(path, { inputShapes: inputShapesOf(settings.inputShape) });
  const profile = await profileBytes(path, integerStructure(imported.network), settings);
  return { ...profile, warnings: [...imported.warnings, 'profiled as the int8 .tflite that it becomes', ...profile.warnings] };
}

/** A compiler that fails is a warning: the estimates are there without it. */
async function profileBytes(path: string, bytes: Uint8Array, { target, vela }: ProfileSettings): Promise<HardwareProfile> {
  const profile = withFileInErrors(basename(path), () => profileTflite({ file: path, bytes, target }));
  if (vela === undefined || target.npu === undefined) return profile;
  try {
    const summary = await vela(bytes, target.npu);
    return summary === undefined ? profile : withVelaSummary(profile, summary);
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return { ...profile, warnings: [...profile.warnings, `${error.message}; figures of the NPU are estimates`] };
  }
}
