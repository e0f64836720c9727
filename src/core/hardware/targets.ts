import { EspalierError } from '../errors.ts';
import { boardNames, boards, type Board } from './boards.ts';
import { cortexMNames, isCortexMName, type CortexMName } from './cortex-m/cores.ts';
import { ethosUNames, isEthosUName, type EthosUName } from './ethos-u/accelerators.ts';

/** What a profile is for. Neither core nor NPU: what holds on every microcontroller. */
export interface HardwareTarget {
  readonly core: CortexMName | undefined;
  readonly npu: EthosUName | undefined;
  readonly board: Board | undefined;
}

export const anyTarget: HardwareTarget = { core: undefined, npu: undefined, board: undefined };

/**
 * A core, an NPU or both: `cortex-m55+ethos-u55-128`.
 *
 * @throws EspalierError `invalid-argument` for names that are not known
 */
export function parseTarget(text: string): HardwareTarget {
  const parts = text
    .toLowerCase()
    .split('+')
    .map((part) => part.trim());
  const cores = parts.filter(isCortexMName);
  const npus = parts.filter(isEthosUName);
  const unknown = parts.find((part) => !isCortexMName(part) && !isEthosUName(part));
  if (unknown !== undefined || cores.length > 1 || npus.length > 1) {
    throw new EspalierError('invalid-argument', unknown === undefined ? 'it names two of a kind' : `"${unknown}" is not known`, {
      where: `target "${text}"`,
      fix: `give a core (${cortexMNames.join(', ')}), an NPU (${ethosUNames.join(', ')}), or both with a plus sign between them`,
    });
  }
  return { core: cores[0], npu: npus[0], board: undefined };
}

/** @throws EspalierError `invalid-argument` for a board that is not in the table */
export function boardTarget(name: string): HardwareTarget {
  const board = boards.find((known) => known.name === name.toLowerCase());
  if (board === undefined) {
    throw new EspalierError('invalid-argument', 'the board is not known', {
      where: `board "${name}"`,
      fix: `known are ${boardNames().join(', ')}; for any other give its core and NPU as target`,
    });
  }
  return { core: board.core, npu: board.npu, board };
}

/** A target, a board, or a board with another target than its own. With neither: a microcontroller of no particular kind. */
export function chosenTarget(target: string | undefined, board: string | undefined): HardwareTarget {
  const onBoard = board === undefined ? undefined : boardTarget(board);
  if (target === undefined) return onBoard ?? anyTarget;
  return { ...parseTarget(target), board: onBoard?.board };
}

/** Cores, NPUs, and every pair of them. */
export function targetNames(): readonly string[] {
  return [...cortexMNames, ...ethosUNames, ...cortexMNames.flatMap((core) => ethosUNames.map((npu) => `${core}+${npu}`))];
}

/** `cortex-m55+ethos-u55-128`; undefined for any microcontroller. */
export function targetName({ core, npu }: HardwareTarget): string | undefined {
  const parts = [core, npu].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('+');
}
