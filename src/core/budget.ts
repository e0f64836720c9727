/**
 * What a reader may spend on one input. A file of some kilobytes can ask for gigabytes, or for years: readers count what
 * they make and refuse, with a typed error, what the input does not explain.
 */
import { EspalierError, type ErrorCode } from './errors.ts';

export interface Budget {
  /** Bytes unpacked, in memory or on disk. */
  readonly bytes: number;
  /** Files of an archive, keys of a table, operations of a network. */
  readonly entries: number;
  /** Levels of things within things. */
  readonly nesting: number;
}

export class Allowance {
  readonly #budget: Budget;
  readonly #where: string;
  readonly #code: ErrorCode;
  readonly #fix: string;
  #bytes = 0;
  #entries = 0;

  /**
   * @param where the file, for messages
   * @param code of the error that is thrown when the budget is spent
   */
  constructor(budget: Budget, where: string, code: ErrorCode, fix: string) {
    this.#budget = budget;
    this.#where = where;
    this.#code = code;
    this.#fix = fix;
  }

  /** @throws EspalierError when all bytes so far are more than the budget has */
  takeBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > this.#budget.bytes) throw this.#spent(`holds more than ${this.#budget.bytes.toLocaleString('en')} bytes`);
  }

  /** @throws EspalierError when all entries so far are more than the budget has */
  takeEntries(count: number, kind: string): void {
    this.#entries += count;
    if (this.#entries > this.#budget.entries) throw this.#spent(`has more than ${this.#budget.entries.toLocaleString('en')} ${kind}`);
  }

  /** @throws EspalierError for a level below the deepest that the budget allows */
  checkDepth(depth: number, kind: string): void {
    if (depth > this.#budget.nesting) throw this.#spent(`has ${kind} that are nested more than ${this.#budget.nesting} deep`);
  }

  #spent(what: string): EspalierError {
    return new EspalierError(this.#code, what, { where: this.#where, fix: this.#fix });
  }
}
