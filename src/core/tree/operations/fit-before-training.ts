import { describeFit } from '../../../shared/drawing/hardware-text.ts';
import { isEspalierError } from '../../errors.ts';
import { profileTflite } from '../../hardware/profile-tflite.ts';
import type { DeployOptions } from '../../../shared/recipe/deploy-options.ts';
import type { Network } from '../../network/network.ts';
import { deployTarget, flashedFile } from '../profile-node.ts';
import { integerStructure } from './integer-structure.ts';

/**
 * What is missing on the chosen board for the int8 file that a network becomes without pruned filters, before any training:
 * `does not fit Arduino Nano …: 23 kB of RAM too much, at operator conv2d_3`. Undefined where it fits, where no board is
 * chosen, and where the network cannot be written or profiled, which is reported where it is tried. A file that will be
 * packed is packed with the weights as they are: what training gains in flash is not known yet.
 *
 * @throws EspalierError `invalid-argument` for a board or target that is not known
 */
export function fitWarning(network: Network, deploy: DeployOptions | undefined): string | undefined {
  const target = deployTarget(deploy);
  if (target.board === undefined) return undefined;
  try {
    const profile = profileTflite({ file: '', bytes: flashedFile(integerStructure(network), target, deploy), target });
    return profile.board?.fits === false ? describeFit(profile) : undefined;
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return undefined;
  }
}
