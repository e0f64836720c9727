/**
 * How Ctrl-C ends a command.
 *
 * Most commands work in this process, and a listener would wait behind one long computation. So they have none: the
 * first Ctrl-C ends the process at once. Files appear whole, so there is nothing to clean up. They take `neverAborted`
 * where the core wants a signal.
 *
 * `onInterrupt` serves the commands whose work runs elsewhere: a download and a run.
 */
export const neverAborted: AbortSignal = new AbortController().signal;

/** Exit code of a process that SIGINT ended, as shells report it. */
const INTERRUPTED = 130;

/**
 * Calls `first` for the first SIGINT or SIGTERM. The second one calls `second` and ends the process at once.
 *
 * @returns removes the listeners
 */
export function onInterrupt(first: () => void, second: () => void = () => undefined): () => void {
  let isSecond = false;
  const listener = (): void => {
    if (isSecond) {
      second();
      process.exit(INTERRUPTED);
    }
    isSecond = true;
    first();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
