import { PROFILE_VERSION, type HardwareProfile, type KernelLibrary, type RamProfile } from '../../shared/hardware.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import type { TfliteModel } from '../tflite/tflite-model.ts';
import { persistentBytes } from './arena/persistent-bytes.ts';
import { planArena } from './arena/plan-arena.ts';
import { operatorCosts } from './operator-costs.ts';
import { requireOperators, tfliteMicroObstacles } from './tflite-micro-kernels.ts';

export interface ProfileRequest {
  /** As it is named to the reader. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly kernels: KernelLibrary;
}

/**
 * What a .tflite file needs of a device, from its bytes alone.
 *
 * @throws EspalierError `invalid-model` or `unsupported-model`
 */
export function profileTflite({ file, bytes, kernels }: ProfileRequest): HardwareProfile {
  const model = readTflite(bytes);
  requireOperators(model);
  const operators = operatorCosts(model);
  return {
    version: PROFILE_VERSION,
    file,
    operators,
    macs: operators.reduce((sum, { macs }) => sum + macs, 0),
    parameters: operators.reduce((sum, { parameters }) => sum + parameters, 0),
    ram: ramProfile(model, kernels),
    warnings: tfliteMicroObstacles(model),
  };
}

function ramProfile(model: TfliteModel, kernels: KernelLibrary): RamProfile {
  const head = planArena(model, kernels);
  const persistent = persistentBytes(model, kernels);
  return {
    kernels,
    arenaBytes: head.bytes + persistent.bytes,
    head,
    tensorBytes: planArena(model, undefined).bytes,
    persistent,
  };
}
