import type { Command } from 'commander';
import { createProgram, runProgram } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command line in this process and gives its exit code and what it wrote.
 *
 * @param commands each adds a command that the test needs
 */
export async function runCli(
  commands: readonly ((program: Command, terminal: Terminal) => void)[],
  args: readonly string[],
): Promise<Ended> {
  let out = '';
  let err = '';
  const terminal = { print: (text: string) => void (out += `${text}\n`), note: (text: string) => void (err += text), isInteractive: false };
  const program = createProgram('1.2.3', terminal);
  for (const register of commands) register(program, terminal);
  const code = await runProgram(program, args, terminal);
  return { code, out, err };
}
