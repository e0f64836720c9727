import { type ErrorCode, EspalierError } from '../core/errors.ts';
import { hasErrorCode } from './program.ts';

/** Wrong usage that the command itself detects, with the exit code of wrong usage. */
export class WrongUsage extends EspalierError {
  constructor(option: string, what: string, fix: string) {
    super('invalid-argument', what, { where: option, fix });
  }
}

/** Turns an error with this code into wrong usage, where the command's options caused it. */
export function asWrongUsage(error: unknown, code: ErrorCode): unknown {
  return hasErrorCode(error, code) ? new EspalierError('invalid-argument', error.message, { cause: error }) : error;
}
