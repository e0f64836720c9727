import { setFlagsFromString } from 'node:v8';

/**
 * Marks the heap at three times what the last marking left, arrays included that were allocated since. By default a process
 * that computes in a library allocates so slowly in the eyes of the engine that a few megabytes start a marking: 68 in a tree of
 * 20 s instead of 12, a tenth of its processor time. Numbers of data and weights lie outside of the heap, which is 20 MB there, and the
 * peak of the process grew by 50 MB or less.
 */
export function collectLessOften(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
