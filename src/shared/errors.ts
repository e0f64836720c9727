/**
 * An error that a user can act on. Its message says what is wrong, where, what is allowed and how to fix it,
 * so that it can be shown as it is; everything else that is thrown is a bug and gets a stack trace.
 */
export class EspalierError extends Error {
  override readonly name = 'EspalierError';
  readonly code: ErrorCode;
  /** The message without place and remedy. */
  readonly what: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, what: string, details: ErrorDetails = {}) {
    const place = details.where === undefined ? '' : `${details.where}: `;
    const remedy = details.fix === undefined ? '' : `; ${details.fix}`;
    super(`${place}${what}${remedy}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.what = what;
    this.where = details.where;
    this.fix = details.fix;
  }
}

/** What is wrong, where, and how to fix it: an error's message in its parts. */
export interface FailureCause {
  readonly what: string;
  readonly where?: string | undefined;
  readonly fix?: string | undefined;
}

/** Of an error whose message was put together as `EspalierError` does it, perhaps in another process. */
export function causeOf({ message, where, fix }: Pick<Error, 'message'> & Omit<FailureCause, 'what'>): FailureCause {
  const start = where !== undefined && message.startsWith(`${where}: `) ? where.length + 2 : 0;
  const end = fix !== undefined && message.endsWith(`; ${fix}`) ? message.length - fix.length - 2 : message.length;
  return { what: message.slice(start, end), where, fix };
}

export interface ErrorDetails {
  /** The file, layer or field concerned, as the user knows it. */
  readonly where?: string | undefined;
  /** What the user can do about it. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/** What kind of error it is, for programs. */
export type ErrorCode =
  | 'invalid-model'
  | 'unsupported-model'
  | 'invalid-data'
  | 'invalid-recipe'
  | 'invalid-argument'
  | 'file-access'
  | 'diverged'
  | 'out-of-memory'
  | 'engine'
  | 'runtime'
  | 'certificate'
  | 'cancelled';

export function isEspalierError(error: unknown): error is EspalierError {
  return error instanceof EspalierError;
}

/** What was thrown, in one line: messages of runtimes go on with traces. */
export function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

/** Marks a branch that the types rule out, so that a new member of a union is a compile error here. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
