import type { BoardFit, FlashProfile, RamProfile, Shortage } from '../../shared/hardware.ts';
import type { BoardName } from '../../shared/recipe/deploy-options.ts';
import type { CortexMName } from './cortex-m/cores.ts';
import type { EthosUName } from './ethos-u/accelerators.ts';

/** A usual board, from its maker's data sheet. */
export interface Board {
  readonly name: BoardName;
  readonly title: string;
  readonly core: CortexMName;
  readonly clockHertz: number;
  readonly npu: EthosUName | undefined;
  /** Memory that programs and models are stored in. */
  readonly flashBytes: number;
  /** The largest memory in one piece that a tensor arena can lie in. */
  readonly ramBytes: number;
}

const kib = 1024;
const mib = 1024 * kib;

export const boards: readonly Board[] = [
  {
    name: 'nano-33-ble-sense',
    title: 'Arduino Nano 33 BLE Sense (nRF52840)',
    core: 'cortex-m4',
    clockHertz: 64e6,
    npu: undefined,
    flashBytes: mib,
    ramBytes: 256 * kib,
  },
  {
    name: 'nucleo-l4r5zi',
    title: 'ST Nucleo-L4R5ZI (STM32L4R5)',
    core: 'cortex-m4',
    clockHertz: 120e6,
    npu: undefined,
    flashBytes: 2 * mib,
    ramBytes: 640 * kib,
  },
  {
    name: 'stm32f746g-disco',
    title: 'ST Discovery STM32F746G',
    core: 'cortex-m7',
    clockHertz: 216e6,
    npu: undefined,
    flashBytes: mib,
    ramBytes: 320 * kib,
  },
  {
    name: 'portenta-h7',
    title: 'Arduino Portenta H7 (STM32H747)',
    core: 'cortex-m7',
    clockHertz: 480e6,
    npu: undefined,
    flashBytes: 2 * mib,
    ramBytes: 512 * kib,
  },
  {
    name: 'teensy-4.1',
    title: 'Teensy 4.1 (i.MX RT1062)',
    core: 'cortex-m7',
    clockHertz: 600e6,
    npu: undefined,
    flashBytes: 8 * mib,
    ramBytes: 512 * kib,
  },
  {
    name: 'nrf5340-dk',
    title: 'Nordic nRF5340 DK',
    core: 'cortex-m33',
    clockHertz: 128e6,
    npu: undefined,
    flashBytes: mib,
    ramBytes: 512 * kib,
  },
  {
    name: 'pico-2',
    title: 'Raspberry Pi Pico 2 (RP2350)',
    core: 'cortex-m33',
    clockHertz: 150e6,
    npu: undefined,
    flashBytes: 4 * mib,
    ramBytes: 520 * kib,
  },
  {
    name: 'nucleo-u575zi',
    title: 'ST Nucleo-U575ZI-Q (STM32U575)',
    core: 'cortex-m33',
    clockHertz: 160e6,
    npu: undefined,
    flashBytes: 2 * mib,
    ramBytes: 768 * kib,
  },
  {
    name: 'ek-ra8m1',
    title: 'Renesas EK-RA8M1',
    core: 'cortex-m85',
    clockHertz: 480e6,
    npu: undefined,
    flashBytes: 2 * mib,
    ramBytes: 896 * kib,
  },
  {
    name: 'alif-e7',
    title: 'Alif Ensemble E7, high-performance core',
    core: 'cortex-m55',
    clockHertz: 400e6,
    npu: 'ethos-u55-256',
    flashBytes: 5.5 * mib,
    ramBytes: 4 * mib,
  },
  {
    name: 'grove-vision-ai-v2',
    title: 'Seeed Grove Vision AI V2 (Himax WiseEye2)',
    core: 'cortex-m55',
    clockHertz: 400e6,
    npu: 'ethos-u55-64',
    flashBytes: 16 * mib,
    ramBytes: 2 * mib,
  },
  {
    name: 'imx93-evk',
    title: 'NXP i.MX 93 EVK, Cortex-M33 with Ethos-U65',
    core: 'cortex-m33',
    clockHertz: 250e6,
    npu: 'ethos-u65-256',
    flashBytes: 16 * 1024 * mib,
    ramBytes: 2 * 1024 * mib,
  },
];

export function boardNames(): readonly string[] {
  return boards.map(({ name }) => name);
}

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
