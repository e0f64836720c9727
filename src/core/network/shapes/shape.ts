import type { Shape } from '../network.ts';

export function elementCount(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** NumPy's rule: aligned at the right, a length of 1 stretches; undefined where the shapes do not fit. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let i = 0; i < rank; i++) {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1) return undefined;
    result.push(p === 1 ? q : p);
  }
  return result;
}
