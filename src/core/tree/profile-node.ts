import type { HardwareProfile } from '../../shared/hardware.ts';
import type { DeployOptions } from '../../shared/recipe/deploy-options.ts';
import type { HardwareFigures } from '../../shared/results.ts';
import { isEspalierError } from '../errors.ts';
import { profileTflite } from '../hardware/profile-tflite.ts';
import { floatOperator } from '../hardware/tflite-micro-kernels.ts';
import { packLeaf } from '../measure/pack-leaf.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import { chosenTarget, targetName, type HardwareTarget } from '../hardware/targets.ts';

/** What a node's file needs of a device. */
export interface NodeProfile {
  readonly profile: HardwareProfile | undefined;
  readonly figures: HardwareFigures | undefined;
  readonly warnings: readonly string[];
}

export const noProfile: NodeProfile = { profile: undefined, figures: undefined, warnings: [] };

/** @throws EspalierError `invalid-argument` for a board or target that is not known */
export function deployTarget(deploy: DeployOptions | undefined): HardwareTarget {
  return chosenTarget(deploy?.target, deploy?.board);
}

/**
 * The file as it is flashed, with which RAM, flash and cycles are counted: packed where the recipe says so, so that the
 * arena holds decoded kernels. An NPU reads plain weights, and what cannot be packed stays plain.
 */
export function flashedFile(tflite: Uint8Array, target: HardwareTarget, deploy: DeployOptions | undefined): Uint8Array {
  const goal = deploy?.pack ?? 'off';
  return goal === 'off' || target.npu !== undefined ? tflite : (packLeaf(tflite, goal) ?? tflite);
}

/** Warnings are for integer files where a target is chosen: no other file is meant for a microcontroller. */
export function profileNode(tflite: Uint8Array, target: HardwareTarget, deploy?: DeployOptions): NodeProfile {
  try {
    const profile = profileTflite({ file: '', bytes: flashedFile(tflite, target, deploy), target });
    const isMeant = targetName(target) !== undefined && floatOperator(readTflite(tflite)) === undefined;
    return { profile, figures: hardwareFigures(profile), warnings: isMeant ? profile.warnings : [] };
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return { ...noProfile, warnings: targetName(target) === undefined ? [] : [`it cannot be profiled: ${error.message}`] };
  }
}

export function hardwareFigures({ target, ram, flash, macs, cycles, board }: HardwareProfile): HardwareFigures {
  return {
    target,
    ramBytes: ram.arenaBytes,
    flashBytes: flash.bytes,
    macs,
    cycles: cycles === undefined ? undefined : Math.round(cycles.cpu + cycles.npu),
    fitsBoard: board?.fits,
  };
}
