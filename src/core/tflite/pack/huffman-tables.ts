import type { CodeWord } from './huffman-code.ts';

/** A node of the tree of a prefix code: a symbol, or two children. */
type Node = { readonly symbol: number } | { readonly children: readonly [Node, Node] };

/** Tables from which a decoder reads one symbol after the other. */
export interface DecodingTables {
  /** Bits that index the first table. */
  readonly firstBits: number;
  /** One entry after the other, tables in the order in which they are referred to. */
  readonly entries: readonly TableEntry[];
}

/** What a decoder finds after taking the bits that index a table. */
export type TableEntry =
  /** `bits` of those belong to the code word; the others are put back. */
  | { readonly kind: 'symbol'; readonly symbol: number; readonly bits: number }
  /** The next table begins `distance` entries after this one and takes `bits` more. */
  | { readonly kind: 'table'; readonly distance: number; readonly bits: number };

/** A found symbol says how many bits it used in a field of 4 bits. */
const widestTable = 15;

/**
 * The tables of a code with the fewest entries: a wider table saves the entries that lead from table to table, but
 * repeats a symbol of a short word for each continuation of it.
 */
export function decodingTables(code: ReadonlyMap<number, CodeWord>): DecodingTables {
  const root = treeOf(code);
  const sizes = new Map<Node, { readonly entries: number; readonly bits: number }>();
  const sizeOf = (node: Node): { readonly entries: number; readonly bits: number } => {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    let best = { entries: Infinity, bits: 1 };
    for (let bits = 1, below = descend([node]); bits <= widestTable; bits++, below = descend(below)) {
      const entries = 2 ** bits + below.reduce((sum, child) => sum + (isInner(child) ? sizeOf(child).entries : 0), 0);
      if (entries <= best.entries) best = { entries, bits };
      if (!below.some(isInner)) break;
    }
    sizes.set(node, best);
    return best;
  };
  const firstBits = sizeOf(root).bits;
  const entries: TableEntry[] = [];
  const waiting: { readonly node: Node; readonly from: number }[] = [];
  const addTable = (node: Node): void => {
    const { bits } = sizeOf(node);
    for (let index = 0; index < 2 ** bits; index++) {
      let reached = node;
      let taken = 0;
      while (taken < bits && 'children' in reached) reached = reached.children[(index >> (bits - ++taken)) & 1 ? 1 : 0];
      if ('symbol' in reached) entries.push({ kind: 'symbol', symbol: reached.symbol, bits: taken });
      else {
        waiting.push({ node: reached, from: entries.length });
        entries.push({ kind: 'table', distance: 0, bits: sizeOf(reached).bits });
      }
    }
  };
  addTable(root);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    entries[next.from] = { kind: 'table', distance: entries.length - next.from, bits: sizeOf(next.node).bits };
    addTable(next.node);
  }
  return { firstBits, entries };
}

/** A code of one symbol has that symbol on both sides. */
function treeOf(code: ReadonlyMap<number, CodeWord>): Node {
  const words = [...code].map(([symbol, word]) => ({ symbol, ...word })).sort((a, b) => a.bits / 2 ** a.length - b.bits / 2 ** b.length);
  const build = (begin: number, end: number, depth: number): Node => {
    const first = words[begin];
    if (first === undefined) throw new RangeError('a prefix code has at least one symbol');
    if (end - begin === 1 && depth > 0) return { symbol: first.symbol };
    let middle = begin;
    while (middle < end && sideAt(words[middle], depth) === 0) middle++;
    return { children: [build(begin, middle, depth + 1), middle < end ? build(middle, end, depth + 1) : build(begin, middle, depth + 1)] };
  };
  return build(0, words.length, 0);
}

/** The bit of a word after its first `depth` bits. */
function sideAt(word: CodeWord | undefined, depth: number): number {
  return word === undefined ? 0 : (word.bits >>> (word.length - depth - 1)) & 1;
}

function isInner(node: Node): boolean {
  return 'children' in node;
}

function descend(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => ('children' in node ? node.children : []));
}
