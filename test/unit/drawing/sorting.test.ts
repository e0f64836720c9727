import { describe, expect, it } from 'vitest';
import { ariaSort, compareFigures, nextOrder } from '../../../src/shared/drawing/sorting.ts';

const sorted = (values: readonly (number | string | undefined)[], descending: boolean) =>
  // Wrapped, since sorting an array moves undefined elements to its end whatever the comparator says.
  values
    .map((value) => ({ value }))
    .toSorted((a, b) => compareFigures(a.value, b.value, descending))
    .map(({ value }) => value);

describe('a sorted table', () => {
  it('has missing figures last in both directions', () => {
    expect(sorted([undefined, 10, 9, undefined, 0], false)).toEqual([0, 9, 10, undefined, undefined]);
    expect(sorted([undefined, 10, 9, undefined, 0], true)).toEqual([10, 9, 0, undefined, undefined]);
    expect(sorted(['pruned', undefined, 'baseline'], true)).toEqual(['pruned', 'baseline', undefined]);
  });

  it('goes through both directions of a column and back to the order of its rows', () => {
    const first = nextOrder<'size' | 'name'>(undefined, 'size', true);
    const second = nextOrder(first, 'size', true);
    expect([first, second]).toEqual([
      { column: 'size', descending: true },
      { column: 'size', descending: false },
    ]);
    expect(nextOrder(second, 'size', true)).toBeUndefined();
    expect(nextOrder(second, 'name', false)).toEqual({ column: 'name', descending: false });
  });

  it('says on its headings by which column it is sorted', () => {
    const order = { column: 'size', descending: true };
    expect(ariaSort(order, 'size')).toBe('descending');
    expect(ariaSort({ ...order, descending: false }, 'size')).toBe('ascending');
    expect(ariaSort(order, 'name')).toBe('none');
    expect(ariaSort(undefined, undefined)).toBe('none');
  });
});
