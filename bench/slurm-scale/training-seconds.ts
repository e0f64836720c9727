const unitSeconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 };

/** Of the stages in the tables of `docs/results.md`, whose last column says `25.5 s (20.5 s – 28.7 s)` or `1 min 31 s`. */
export function trainingSeconds(document: string): readonly number[] {
  return document.split('\n').flatMap((line) => {
    const cell = /\|\s*([^|]*?)\s*\|$/.exec(line)?.[1] ?? '';
    if (!/^\d[\d.]* (s|min|h)\b/.test(cell)) return [];
    const mean = cell.replace(/\(.*$/, '');
    return [
      [...mean.matchAll(/([\d.]+) (s|min|h)\b/g)].reduce((sum, [, value, unit]) => sum + Number(value) * (unitSeconds[unit ?? ''] ?? 0), 0),
    ];
  });
}
