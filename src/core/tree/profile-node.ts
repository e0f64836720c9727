import type { HardwareProfile } from '../../shared/hardware.ts';
import type { DeployOptions } from '../../shared/recipe/deploy-options.ts';
import type { HardwareFigures } from '../../shared/results.ts';
import { budgetCounts, searchBudgets } from '../../shared/search-budget.ts';
import type { Recipe } from '../../shared/recipe/recipe.ts';
import { isEspalierError } from '../errors.ts';
import type { EthosUName } from '../hardware/ethos-u/accelerators.ts';
import { estimateEthosU } from '../hardware/ethos-u/estimate-ethos-u.ts';
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

/** Reads the kernels where a recipe limits their bytes and names no other NPU: the bytes of most differ little. */
const usualNpu: EthosUName = 'ethos-u55-128';

/**
 * The NPU whose bytes are counted: that of the target, or `usualNpu` where the recipe limits them. Undefined where nothing
 * asks for them, since counting takes a while.
 */
export function countedNpu({ deploy, targets, strategy }: Pick<Recipe, 'deploy' | 'targets' | 'strategy'>): EthosUName | undefined {
  const limits = [targets ?? {}, ...(searchBudgets({ strategy, targets }) ?? [])];
  const isLimited = limits.some((budget) => budgetCounts(budget).some(({ count }) => count === 'ethosU'));
  return deployTarget(deploy).npu ?? (isLimited ? usualNpu : undefined);
}

/**
 * The file as it is flashed, with which RAM, flash and cycles are counted: packed where the recipe says so, so that the
 * arena holds decoded kernels. An NPU reads plain weights, and what cannot be packed stays plain.
 */
export function flashedFile(tflite: Uint8Array, target: HardwareTarget, deploy: DeployOptions | undefined): Uint8Array {
  const goal = deploy?.pack ?? 'off';
  return goal === 'off' || target.npu !== undefined ? tflite : (packLeaf(tflite, goal) ?? tflite);
}

/**
 * Warnings are for integer files where a target is chosen: no other file is meant for a microcontroller.
 *
 * @param npu reads the kernels, see `countedNpu`
 */
export function profileNode(tflite: Uint8Array, target: HardwareTarget, deploy?: DeployOptions, npu?: EthosUName): NodeProfile {
  try {
    const profile = profileTflite({ file: '', bytes: flashedFile(tflite, target, deploy), target });
    const isInteger = floatOperator(readTflite(tflite)) === undefined;
    const ethosUBytes = isInteger ? (profile.npu?.weightBytes ?? npuBytes(tflite, npu)) : undefined;
    return {
      profile,
      figures: { ...hardwareFigures(profile), ethosUBytes },
      warnings: isInteger && targetName(target) !== undefined ? profile.warnings : [],
    };
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return { ...noProfile, warnings: targetName(target) === undefined ? [] : [`it cannot be profiled: ${error.message}`] };
  }
}

/** Undefined without an NPU, and where it cannot hold a part of the network. */
function npuBytes(tflite: Uint8Array, npu: EthosUName | undefined): number | undefined {
  const [graph] = readTflite(tflite).subgraphs;
  if (npu === undefined || graph === undefined) return undefined;
  try {
    return estimateEthosU(graph, npu).weightBytes;
  } catch (error) {
    if (!isEspalierError(error)) throw error;
    return undefined;
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
