import { type ErrorCode, EspalierError } from '../core/errors.ts';
import { hasErrorCode } from './program.ts';

/** A mistake in the options of a command, found by the command itself: told like every error, with the exit code of wrong usage. */
export class WrongUsage extends EspalierError {
  constructor(option: string, what: string, fix: string) {
    super('invalid-argument', what, { where: option, fix });
  }
}

/** The error as one of wrong usage, if it has this code: where what is at fault was made of a command's options. */
export function asWrongUsage(error: unknown, code: ErrorCode): unknown {
  return hasErrorCode(error, code) ? new EspalierError('invalid-argument', error.message, { cause: error }) : error;
}
