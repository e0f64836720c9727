import { spawnSync } from 'node:child_process';

/**
 * Whether a program is there. `scripts/test.mjs` installs the compilers where it can, and names what was left out in its
 * last line.
 */
function has(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

export const hasCompiler = has('gcc') && has('g++') && has('make');
export const hasArmCompiler = has('arm-none-eabi-gcc');
export const hasArmEmulator = hasArmCompiler && has('qemu-system-arm');
