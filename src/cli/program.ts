import { Command, CommanderError } from 'commander';
import { type ErrorCode, type EspalierError, isEspalierError } from '../core/errors.ts';
import { RemoteError } from '../shared/message-handler.ts';
import { processTerminal, type Terminal } from './terminal.ts';

export const exitCodes = { done: 0, failed: 1, wrongUsage: 2 } as const;

/** The program without its commands; they inherit how it ends and where it writes. */
export function createProgram(version: string, terminal: Terminal = processTerminal): Command {
  return new Command('espalier')
    .description('Collaborative model optimization: prune, cluster and quantize a trained model into measured, certified .tflite files.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--verbose', 'print stack traces of errors')
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.note(text),
    });
}

/** A command that fails without wrong usage: a failed certificate, missed targets. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs the command that the arguments name. Returns the exit code; every error has been printed. */
export async function runProgram(program: Command, args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    if (error instanceof CommandFailure) {
      terminal.note(`${error.message}\n`);
      return error.exitCode;
    }
    terminal.note(`error: ${describeError(error)}\n`);
    const { verbose } = program.opts<{ readonly verbose?: boolean }>();
    if (verbose === true && error instanceof Error) terminal.note(`${stackOf(error)}\n`);
    return hasErrorCode(error, 'invalid-argument') ? exitCodes.wrongUsage : exitCodes.failed;
  }
}

/** Whether the error, of this process or of the child, is one that a user can act on and has this code. */
export function hasErrorCode(error: unknown, code: ErrorCode): error is EspalierError | RemoteError {
  return (isEspalierError(error) || error instanceof RemoteError) && error.code === code;
}

function describeError(error: unknown): string {
  if (isEspalierError(error) || (error instanceof RemoteError && error.code !== 'internal')) return error.message;
  // The message of a failed system call contains the path.
  if (error instanceof Error && 'syscall' in error) return error.message;
  return `${error instanceof Error ? `${error.name}: ${error.message}` : String(error)} (this is a bug in Espalier; --verbose prints where)`;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  const stack = error instanceof RemoteError ? error.remoteStack : error.stack;
  return `${stack ?? error.message}${cause}`;
}
