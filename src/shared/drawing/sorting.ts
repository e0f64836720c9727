/** Tables that are sorted by a column: the order of their rows, and what a click on a heading does. */
export interface Order<Column extends string> {
  readonly column: Column;
  readonly descending: boolean;
}

/** Numbers by value, all else as text; missing figures come last in both directions. */
export function compareFigures(a: number | string | undefined, b: number | string | undefined, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const sign = descending ? -1 : 1;
  return typeof a === 'number' && typeof b === 'number' ? sign * (a - b) : sign * String(a).localeCompare(String(b));
}

/**
 * After a click on the heading of `column`: the first click brings up one end, the second the other, and the third restores
 * the order of the rows themselves, which is undefined.
 *
 * @param descendingFirst which end the first click brings up
 */
export function nextOrder<Column extends string>(
  order: Order<Column> | undefined,
  column: Column,
  descendingFirst: boolean,
): Order<Column> | undefined {
  if (order?.column !== column) return { column, descending: descendingFirst };
  return order.descending === descendingFirst ? { column, descending: !descendingFirst } : undefined;
}

/** The attribute `aria-sort` of a column's heading. */
export function ariaSort(order: Order<string> | undefined, column: string | undefined): 'none' | 'ascending' | 'descending' {
  if (order === undefined || order.column !== column) return 'none';
  return order.descending ? 'descending' : 'ascending';
}
