import { setFlagsFromString } from 'node:v8';

/**
 * Marks the heap at three times what the last marking left, arrays included that were allocated since. By default a process
 * that computes in a library allocates so slowly in the eyes of the engine that a few megabytes start a marking: 68 in a tree of
 * 20 s, a tenth of its processor time. Three times is what it allows itself where much is allocated. Numbers of data and weights lie
 * outside of the heap, so that this is some ten megabytes.
 */
export function collectLessOften(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
