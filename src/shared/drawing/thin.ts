/** Evenly spaced entries, at most `most` of them and the last one always, in their order. */
export function thin<Entry>(entries: readonly Entry[], most: number): readonly Entry[] {
  if (entries.length <= most) return entries;
  const last = entries.length - 1;
  return Array.from({ length: most }, (_, index) => entries[Math.round((index * last) / (most - 1))]).filter(
    (entry) => entry !== undefined,
  );
}
