/**
 * Puts back two functions that Node 23 took out of `util`: tfjs-node 4.22, the last release, calls them. What a Node has
 * of its own is left as it is.
 *
 * @param util what `require('node:util')` gives: the object that tfjs-node sees, not a module namespace
 */
export function restoreRemovedUtilities(util: Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
