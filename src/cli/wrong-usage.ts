import { EspalierError } from '../core/errors.ts';

/** A mistake in the options of a command, found by the command itself: told like every error, with the exit code of wrong usage. */
export class WrongUsage extends EspalierError {
  constructor(option: string, what: string, fix: string) {
    super('invalid-argument', what, { where: option, fix });
  }
}
