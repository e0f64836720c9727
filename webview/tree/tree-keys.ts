/** The keys of a tree, as ARIA's authoring practices have them. */
export type TreeStep = { readonly kind: 'focus'; readonly index: number } | { readonly kind: 'collapse' | 'expand' };

export interface TreeItem {
  readonly level: number;
  /** Undefined for items without children. */
  readonly expanded: boolean | undefined;
}

/**
 * What a key does in a list of the visible items, parents before children.
 *
 * @returns undefined where the key does nothing
 */
export function treeStep(items: readonly TreeItem[], index: number, key: string): TreeStep | undefined {
  const item = items[index];
  if (item === undefined) return undefined;
  const to = (target: number): TreeStep | undefined =>
    target >= 0 && target < items.length && target !== index ? { kind: 'focus', index: target } : undefined;
  switch (key) {
    case 'ArrowDown':
      return to(index + 1);
    case 'ArrowUp':
      return to(index - 1);
    case 'ArrowRight':
      if (item.expanded === false) return { kind: 'expand' };
      return item.expanded === true ? to(index + 1) : undefined;
    case 'ArrowLeft':
      return item.expanded === true && item.level > 1
        ? { kind: 'collapse' }
        : to(items.findLastIndex(({ level }, at) => at < index && level < item.level));
    case 'Home':
      return to(0);
    case 'End':
      return to(items.length - 1);
    default:
      return undefined;
  }
}
