import { describeFit } from '../../../shared/drawing/hardware-text.ts';
import { isEspalierError } from '../../errors.ts';
import { profileTflite } from '../../hardware/profile-tflite.ts';
import type { HardwareTarget } from '../../hardware/targets.ts';
import type { Network } from '../../network/network.ts';
import { integerStructure } from './integer-structure.ts';

/**
 * What is missing on the chosen board for the int8 file that a network becomes without pruned filters, before any training:
 * `does not fit Arduino Nano …: 23 kB of RAM too much, at operator conv2d_3`. Undefined where it fits, where no board is
 * chosen, and where the network cannot be written or profiled, which is reported where it is tried.
 */
export function fitWarning(network: Network, target: HardwareTarget): string | undefined {
  if (target.board === undefined) return undefined;
  try {
    const profile = profileTflite({ file: '', bytes: integerStructure(network), target });
    return profile.board?.fits === false ? describeFit(profile) : undefined;
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return undefined;
  }
}
