import type { InspectedOperation, ModelInspection } from '../inspection.ts';

/** An operation of each file that do the same, or one that only one of them has. */
export interface OperationPair {
  readonly first: InspectedOperation | undefined;
  readonly second: InspectedOperation | undefined;
}

/** Cells of the table that finds the longest common sequence; larger files are aligned by their order alone. */
const mostCells = 16_000_000;

/** In the order of execution; RESHAPE and reshape, of files and of models in other formats, are one kind. */
export function alignOperations(first: ModelInspection, second: ModelInspection): readonly OperationPair[] {
  const a = first.operations;
  const b = second.operations;
  const signs = [a, b].map((operations) => operations.map(signature));
  const [signsA = [], signsB = []] = signs;
  let start = 0;
  while (start < a.length && start < b.length && signsA[start] === signsB[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && signsA[a.length - 1 - end] === signsB[b.length - 1 - end]) end += 1;
  const middle = alignMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const both = (offsetA: number, offsetB: number, count: number): readonly OperationPair[] =>
    Array.from({ length: count }, (_, index) => ({ first: a[offsetA + index], second: b[offsetB + index] }));
  return [...both(0, 0, start), ...middle, ...both(a.length - end, b.length - end, end)];
}

function alignMiddle(a: readonly InspectedOperation[], b: readonly InspectedOperation[]): readonly OperationPair[] {
  const onlyFirst = (operations: readonly InspectedOperation[]): readonly OperationPair[] =>
    operations.map((first) => ({ first, second: undefined }));
  const onlySecond = (operations: readonly InspectedOperation[]): readonly OperationPair[] =>
    operations.map((second) => ({ first: undefined, second }));
  if (a.length === 0 || b.length === 0 || (a.length + 1) * (b.length + 1) > mostCells) return [...onlyFirst(a), ...onlySecond(b)];
  const [signsA, signsB] = [a.map(signature), b.map(signature)];
  // lengths[i * width + j]: of the longest common sequence of a from i on and b from j on.
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] =
        signsA[i] === signsB[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
  const pairs: OperationPair[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (signsA[i] === signsB[j]) pairs.push({ first: a[i++], second: b[j++] });
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) pairs.push({ first: a[i++], second: undefined });
    else pairs.push({ first: undefined, second: b[j++] });
  }
  return [...pairs, ...onlyFirst(a.slice(i)), ...onlySecond(b.slice(j))];
}

/** Equal of operations that do the same: kind and shape of the result, in any format's spelling and with the batch or without. */
export function signature({ kind, outputShape }: InspectedOperation): string {
  const name = kind.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return `${name} ${outputShape.filter((length) => length > 1).join('x')}`;
}
