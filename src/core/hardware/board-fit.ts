import type { BoardFit, FlashProfile, RamProfile, Shortage } from '../../shared/hardware.ts';
import type { Board } from './boards.ts';

/** Whether the arena and the flash that a file needs are there on a board. Stack and the program's own data come on top. */
export function fitBoard(board: Board, ram: RamProfile, flash: FlashProfile): BoardFit {
  const shortages: Shortage[] = [];
  if (ram.arenaBytes > board.ramBytes)
    shortages.push({ memory: 'ram', missingBytes: ram.arenaBytes - board.ramBytes, operator: ram.peakOperator });
  if (flash.bytes > board.flashBytes)
    shortages.push({ memory: 'flash', missingBytes: flash.bytes - board.flashBytes, operator: undefined });
  const { name, title, ramBytes, flashBytes } = board;
  return { name, title, ramBytes, flashBytes, fits: shortages.length === 0, shortages };
}
