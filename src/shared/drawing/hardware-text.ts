import type { BoardFit, HardwareProfile } from '../hardware.ts';
import { formatBytes } from './format.ts';
import { english, type Translate } from './translate.ts';

/** `fits Arduino Nano 33 BLE Sense: 24.1 kB of 262.1 kB RAM, …`, or what is missing and at which operator. */
export function describeFit(
  { board, ram, flash }: Pick<HardwareProfile, 'board' | 'ram' | 'flash'>,
  translate: Translate = english,
): string {
  if (board === undefined) return '';
  if (board.fits) {
    return translate(
      'fits {0}: {1} of {2} RAM, {3} of {4} flash',
      board.title,
      formatBytes(ram.arenaBytes),
      formatBytes(board.ramBytes),
      formatBytes(flash.bytes),
      formatBytes(board.flashBytes),
    );
  }
  return translate('does not fit {0}: {1}', board.title, shortages(board, translate).join(', '));
}

function shortages(board: BoardFit, translate: Translate): readonly string[] {
  return board.shortages.map(({ memory, missingBytes, operator }) => {
    const missing = formatBytes(missingBytes);
    if (memory === 'flash') return translate('{0} of flash too much', missing);
    return translate('{0} of RAM too much, at operator {1}', missing, operator ?? '');
  });
}
