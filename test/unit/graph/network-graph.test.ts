import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { alignOperations } from '../../../src/shared/graph/align-operations.ts';
import { cutPoints, layOutGraph, nodeSize } from '../../../src/shared/graph/graph-layout.ts';
import { shadeOf } from '../../../src/shared/graph/graph-shading.ts';
import { networkGraph, roundingError, type GraphEdge } from '../../../src/shared/graph/network-graph.ts';
import type { InspectedOperation, ModelInspection } from '../../../src/shared/inspection.ts';
import { dagreLayout } from '../../../webview/graph/dagre-layout.ts';
import { exampleInspection } from '../../support/example-inspection.ts';

function operation(index: number, kind: string, inputs: readonly string[], outputShape: readonly number[] = [1, 4]): InspectedOperation {
  return { index, kind, layer: `layer${index}`, inputs, outputs: [`t${index}`], outputShape, parameters: 0, details: '' };
}
function model(operations: readonly InspectedOperation[]): ModelInspection {
  return { ...exampleInspection('a.tflite'), operations };
}

describe('a network as a graph', () => {
  it('leads from the operation that makes a tensor to each that reads it, constants left out', () => {
    const graph = networkGraph(
      model([operation(0, 'CONV_2D', ['input', 'dense/kernel']), operation(1, 'RELU', ['t0']), operation(2, 'ADD', ['t0', 't1'])]),
    );
    expect(graph.nodes.map(({ title }) => title)).toEqual(['input', 'CONV_2D', 'RELU', 'ADD']);
    expect(graph.edges).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 1, to: 3 },
      { from: 2, to: 3 },
    ]);
    expect(graph.nodes[1]?.figures).toMatchObject({ sparsity: 0, uniqueValues: 8 });
    expect(graph.nodes[2]?.figures).toBeUndefined();
  });

  it('estimates what rounding takes of a kernel', () => {
    // Values -1 and 1 in equal parts have a root mean square of 1: 1/√12 = 28.9%.
    const density = { layer: 'a', axis: 'integer' as const, minimum: -1.5, maximum: 1.5, counts: [3, 0, 3], zeros: 0, elements: 6 };
    expect(roundingError(density)).toBeCloseTo(0.288675, 6);
    expect(roundingError({ ...density, axis: 'weight' })).toBeUndefined();
    expect(roundingError({ ...density, counts: [0, 6, 0] })).toBeUndefined();
  });
});

describe('two files on one graph', () => {
  it('have no difference in how formats spell an operation, or in the batch', () => {
    const pairs = alignOperations(
      model([operation(0, 'RESHAPE', ['input'], [1, 784])]),
      model([operation(0, 'reshape', ['input'], [784])]),
    );
    expect(pairs).toHaveLength(1);
    const graph = networkGraph(model([operation(0, 'RESHAPE', ['input'])]), model([operation(0, 'reshape', ['input'])]));
    expect(graph.nodes.map(({ difference }) => difference)).toEqual(['same', 'same']);
  });

  it('show what one of them alone has, between what both have', () => {
    const first = model([operation(0, 'CONV_2D', ['input']), operation(1, 'RELU', ['t0']), operation(2, 'SOFTMAX', ['t1'])]);
    const second = model([operation(0, 'CONV_2D', ['input']), operation(1, 'DEQUANTIZE', ['t0']), operation(2, 'SOFTMAX', ['t1'])]);
    const graph = networkGraph(first, second);
    expect(graph.nodes.map(({ title, difference }) => [title, difference])).toEqual([
      ['input', 'same'],
      ['CONV_2D', 'same'],
      ['RELU', 'first'],
      ['DEQUANTIZE', 'second'],
      ['SOFTMAX', 'same'],
    ]);
    // The edges of both: 1 -> 2 -> 4 and 1 -> 3 -> 4.
    expect(graph.edges.map(({ from, to }) => `${from}-${to}`).toSorted()).toEqual(['0-1', '1-2', '1-3', '2-4', '3-4']);
  });

  it('mark a kernel whose weights are others, and say what has changed', () => {
    const graph = networkGraph(exampleInspection('plain.tflite'), exampleInspection('pruned.tflite'));
    expect(graph.nodes[1]).toMatchObject({
      difference: 'changed',
      before: { sparsity: 0, uniqueValues: 8 },
      figures: { sparsity: 0.5, uniqueValues: 4 },
    });
    expect(shadeOf(graph.nodes[1]!, 'difference', undefined)).toMatchObject({ colour: 'changed' });
    expect(shadeOf(graph.nodes[1]!, 'sparsity', [0, 1])?.strength).toBeCloseTo(0.04 + 0.5 * 0.61, 9);
  });
});

describe('the layout of a graph', () => {
  const chainOf = (count: number, skip: number): GraphEdge[] =>
    Array.from({ length: count - 1 }, (_, index): readonly GraphEdge[] => [
      { from: index, to: index + 1 },
      ...(index % skip === 0 && index + skip < count ? [{ from: index, to: index + skip }] : []),
    ]).flat();
  const nodesOf = (count: number) =>
    Array.from({ length: count }, (_, id) => ({
      id,
      title: '',
      subtitle: '',
      details: [],
      figures: undefined,
      before: undefined,
      difference: 'same' as const,
    }));

  it('is cut where a single tensor leads on', () => {
    // 0 -> 1 -> {2, 3} -> 4 -> 5
    const edges = [
      [0, 1],
      [1, 2],
      [1, 3],
      [2, 4],
      [3, 4],
      [4, 5],
    ].map(([from = 0, to = 0]) => ({ from, to }));
    expect(cutPoints(6, edges)).toEqual([0, 1, 4, 5]);
  });

  it.each([60, 5_000])('of %i operations with skips has every node below what it reads, and none on another', (count) => {
    const edges = chainOf(count, 4);
    const { places } = layOutGraph({ nodes: nodesOf(count), edges }, dagreLayout);
    expect(places).toHaveLength(count);
    for (const { from, to } of edges) expect(places[to]!.y).toBeGreaterThanOrEqual(places[from]!.y + nodeSize.height);
    expect(overlaps(places)).toBe(0);
  });

  it('of a block too large for the library, and of any order of edges, has no overlap either', () => {
    const random = createRandom(7);
    const count = 400;
    // Everything leads from the first node to the last, so that there is no cut between.
    const edges = Array.from({ length: count - 1 }, (_, index) => ({ from: random.integer(index + 1), to: index + 1 }));
    const { places } = layOutGraph({ nodes: nodesOf(count), edges: edges.toReversed() }, dagreLayout);
    for (const { from, to } of edges) expect(places[to]!.y).toBeGreaterThan(places[from]!.y);
    expect(overlaps(places)).toBe(0);
  });

  it('of nothing is nothing', () => {
    expect(layOutGraph({ nodes: [], edges: [] }, dagreLayout).places).toEqual([]);
  });
});

function overlaps(places: readonly { readonly x: number; readonly y: number }[]): number {
  const sorted = places.toSorted((a, b) => a.y - b.y);
  let count = 0;
  for (const [index, a] of sorted.entries())
    for (let next = index + 1; next < sorted.length && sorted[next]!.y - a.y < nodeSize.height; next += 1)
      if (Math.abs(sorted[next]!.x - a.x) < nodeSize.width) count += 1;
  return count;
}
