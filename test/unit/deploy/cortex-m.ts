/**
 * Compiles C for Cortex-M and runs it in QEMU's models of Arm's MPS2 and MPS3 boards. Printing and the exit code go
 * through semihosting: newlib's `rdimon.specs`.
 */
import { spawnSync } from 'node:child_process';
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

/** Compiles C, and C++ of files `.cc`, without linking. */
export function compileForCortexM(folder: string, core: CortexMCore, sources: readonly string[], flags: readonly string[] = []): void {
  for (const source of sources) {
    const [command, own] = source.endsWith('.cc')
      ? ['arm-none-eabi-g++', ['-std=c++17', '-O1', '-fno-rtti', '-fno-exceptions', '-fno-threadsafe-statics']]
      : ['arm-none-eabi-gcc', ['-std=c99', ...strictFlags]];
    run(folder, command, [...own, ...cortexM[core].flags, ...flags, '-c', source, '-o', objectOf(source, core)]);
  }
}

/**
 * Links objects of `compileForCortexM` with a startup, and runs them; returns what they print.
 *
 * @throws Error if the exit code is not 0
 */
export function runOnCortexM(folder: string, core: CortexMCore, sources: readonly string[], libraries: readonly string[] = []): string {
  const { machine, flags } = cortexM[core];
  writeFileSync(path.join(folder, 'startup.c'), startup);
  writeFileSync(path.join(folder, 'board.ld'), linkerScript);
  const objects = sources.map((source) => objectOf(source, core));
  const program = `program.${core}.elf`;
  const linker = sources.some((source) => source.endsWith('.cc')) ? 'arm-none-eabi-g++' : 'arm-none-eabi-gcc';
  const link = ['--specs=rdimon.specs', '-nostartfiles', '-Wl,--gc-sections', '-T', 'board.ld'];
  run(folder, 'arm-none-eabi-gcc', [...flags, '-c', 'startup.c', '-o', 'startup.o']);
  run(folder, linker, [...flags, ...link, 'startup.o', ...objects, ...libraries, '-lm', '-o', program]);
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

function objectOf(source: string, core: CortexMCore): string {
  return `${source.replaceAll('/', '_')}.${core}.o`;
}

/** Returns what goes to either stream: TFLite Micro prints to the standard error. */
function run(folder: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status ?? 'a signal'}:\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** The vector table begins with the stack pointer and the reset handler, which switches the FPU on (CPACR). */
const startup = `#include <stdint.h>
#include <stdlib.h>
extern uint32_t stack_top;
extern void initialise_monitor_handles(void);
extern int main(void);
void *__dso_handle;
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
