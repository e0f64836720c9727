/**
 * Compiles C for Cortex-M and runs it in QEMU's models of Arm's MPS2 and MPS3 boards. Printing and the exit code go
 * through semihosting: newlib's `rdimon.specs`.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { strictFlags } from './compile-c.ts';

interface Board {
  readonly machine: string;
  readonly flags: readonly string[];
}

export const cortexM = {
  'cortex-m4': { machine: 'mps2-an386', flags: ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'] },
  'cortex-m55': { machine: 'mps3-an547', flags: ['-mcpu=cortex-m55', '-mthumb', '-mfloat-abi=hard'] },
} as const satisfies Record<string, Board>;

export type CortexMCore = keyof typeof cortexM;

export const cortexMCores = ['cortex-m4', 'cortex-m55'] as const satisfies readonly CortexMCore[];

/** Compiles each source without linking. */
export function compileForCortexM(folder: string, core: CortexMCore, sources: readonly string[]): void {
  for (const source of sources)
    run(folder, 'arm-none-eabi-gcc', ['-std=c99', ...strictFlags, ...cortexM[core].flags, '-c', source, '-o', `${source}.${core}.o`]);
}

/** Links objects of `compileForCortexM` with a startup and runs them; returns what they print. Throws if the exit code is not 0. */
export function runOnCortexM(folder: string, core: CortexMCore, sources: readonly string[]): string {
  const { machine, flags } = cortexM[core];
  writeFileSync(path.join(folder, 'startup.c'), startup);
  writeFileSync(path.join(folder, 'board.ld'), linkerScript);
  const objects = sources.map((source) => `${source}.${core}.o`);
  const program = `program.${core}.elf`;
  run(folder, 'arm-none-eabi-gcc', [
    ...flags,
    '--specs=rdimon.specs',
    '-nostartfiles',
    '-T',
    'board.ld',
    'startup.c',
    ...objects,
    '-lm',
    '-o',
    program,
  ]);
  return run(folder, 'qemu-system-arm', [
    '-M',
    machine,
    '-nographic',
    '-monitor',
    'none',
    '-serial',
    'none',
    '-semihosting',
    '-kernel',
    program,
  ]);
}

function run(folder: string, command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
}

/** The vector table begins with the stack pointer and the reset handler, which switches the FPU on (CPACR). */
const startup = `#include <stdint.h>
#include <stdlib.h>
extern uint32_t stack_top;
extern void initialise_monitor_handles(void);
extern int main(void);
void _init(void) {}
void _fini(void) {}
void reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;
  __asm volatile("dsb\\nisb");
  initialise_monitor_handles();
  exit(main());
}
static void fault(void) { abort(); }
__attribute__((section(".vectors"), used)) static const struct {
  void *stack;
  void (*handlers[15])(void);
} vectors = {&stack_top, {reset, fault, fault, fault, fault, fault}};
`;

const linkerScript = `MEMORY {
  code (rx) : ORIGIN = 0, LENGTH = 512K
  data (rwx) : ORIGIN = 0x20000000, LENGTH = 512K
}
ENTRY(reset)
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.ARM.extab*) KEEP(*(.init_array*)) } > code
  .ARM.exidx : { *(.ARM.exidx*) } > code
  .data : { *(.data*) } > data
  .bss (NOLOAD) : { __bss_start__ = .; *(.bss*) *(COMMON) __bss_end__ = .; end = .; } > data
  stack_top = ORIGIN(data) + LENGTH(data);
}
`;
