/** Places for the nodes of a graph, in layers from top to bottom. */
import type { GraphEdge, NetworkGraph } from './network-graph.ts';

export interface Place {
  /** Of the middle of the node, in pixels. */
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  /** In the order of the nodes. */
  readonly places: readonly Place[];
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

export interface NodeSize {
  readonly width: number;
  readonly height: number;
}

export const nodeSize: NodeSize = { width: 168, height: 44 };
const gap = { x: 28, y: 30 } as const;

/** Lays out one piece of a graph; its nodes are 0 to `count` - 1. */
export type LayOutPiece = (
  count: number,
  edges: readonly GraphEdge[],
  size: NodeSize,
  gap: { readonly x: number; readonly y: number },
) => readonly Place[];

/** More nodes in a piece, and more different pieces, would take a general layout algorithm seconds: those are laid out by depth. */
const mostNodes = 80;
const mostPieces = 40;

/**
 * Networks are chains of small blocks: wherever a single tensor leads on, the graph is cut, and each piece is laid out by
 * itself, so that thousands of operations take no longer than the sum of their blocks.
 *
 * @param layOut for pieces with branches
 */
export function layOutGraph({ nodes, edges }: NetworkGraph, layOut: LayOutPiece): GraphLayout {
  const places: Place[] = [];
  // Blocks repeat: each form is laid out once.
  const known = new Map<string, readonly Place[]>();
  const layOutPiece = (count: number, inside: readonly GraphEdge[]): readonly Place[] => {
    if (count <= 2) return chain(count);
    const form = `${count} ${inside.map(({ from, to }) => `${from}-${to}`).join(' ')}`;
    const found = known.get(form);
    if (found !== undefined) return found;
    const isPlain = count > mostNodes || known.size >= mostPieces;
    const piece = isPlain ? byDepth(count, inside) : layOut(count, inside, nodeSize, gap);
    known.set(form, piece);
    return piece;
  };
  const cuts = cutPoints(nodes.length, edges);
  const leaving = new Map<number, GraphEdge[]>();
  for (const edge of edges) leaving.set(edge.from, [...(leaving.get(edge.from) ?? []), edge]);
  let start = 0;
  for (const cut of cuts) {
    const count = cut - start + 1;
    const inside = Array.from({ length: count }, (_, index) => leaving.get(start + index) ?? [])
      .flat()
      .filter(({ to }) => to <= cut)
      .map(({ from, to }) => ({ from: from - start, to: to - start }));
    const piece = layOutPiece(count, inside);
    // The first node of a piece is the last one of the piece before.
    const [top] = piece;
    const origin = places[start] ?? { x: 0, y: 0 };
    for (const [index, place] of piece.entries()) {
      if (places[start + index] !== undefined) continue;
      places[start + index] = { x: origin.x + place.x - (top?.x ?? 0), y: origin.y + place.y - (top?.y ?? 0) };
    }
    start = cut;
  }
  const xs = places.map(({ x }) => x);
  return {
    places,
    left: xs.reduce((a, b) => Math.min(a, b), 0) - nodeSize.width / 2,
    right: xs.reduce((a, b) => Math.max(a, b), 0) + nodeSize.width / 2,
    bottom: places.reduce((most, { y }) => Math.max(most, y), 0) + nodeSize.height / 2,
  };
}

/** Nodes after which everything depends on them alone, in the order of execution; the last node is one. */
export function cutPoints(count: number, edges: readonly GraphEdge[]): readonly number[] {
  const lastUse = new Int32Array(count);
  const isUsed = new Uint8Array(count);
  for (const { from, to } of edges) {
    lastUse[from] = Math.max(lastUse[from] ?? 0, to);
    isUsed[to] = 1;
  }
  const cuts: number[] = [];
  let reach = 0;
  for (let node = 0; node < count; node += 1) {
    // Nothing that came before is read later, and the next node reads what comes now.
    const next = node + 1;
    if (node === count - 1 || (reach <= node && (lastUse[node] ?? 0) > node && isUsed[next] === 1)) cuts.push(node);
    reach = Math.max(reach, lastUse[node] ?? 0);
  }
  return cuts;
}

function chain(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, index) => ({ x: 0, y: index * (nodeSize.height + gap.y) }));
}

/** Rows by the longest way from the start, centred. */
function byDepth(count: number, edges: readonly GraphEdge[]): readonly Place[] {
  const depths = new Int32Array(count);
  // Edges lead forwards, so that one pass in their order is enough.
  for (const { from, to } of edges.toSorted((a, b) => a.from - b.from)) depths[to] = Math.max(depths[to] ?? 0, (depths[from] ?? 0) + 1);
  const rows = new Map<number, number[]>();
  for (let node = 0; node < count; node += 1) {
    const depth = depths[node] ?? 0;
    rows.set(depth, [...(rows.get(depth) ?? []), node]);
  }
  const places: Place[] = [];
  for (const [depth, row] of rows)
    for (const [index, node] of row.entries())
      places[node] = { x: (index - (row.length - 1) / 2) * (nodeSize.width + gap.x), y: depth * (nodeSize.height + gap.y) };
  return places;
}
