import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { planActivations } from '../../../src/core/quantize/plan-activations.ts';
import { quantizeNetwork } from '../../../src/core/quantize/quantize-network.ts';

const kernel = { shape: [2, 4], data: Float32Array.of(1, 2, 3, 4, -4, -3, -2, -1) };

describe('the activation plan', () => {
  it('gives pools and reshapes the scale of what they move, and averages a rounding', () => {
    const builder = new NetworkBuilder('pools');
    const input = builder.input([4, 4, 1]);
    const output = builder.flatten('flatten', builder.pool2d('average', builder.pool2d('max', input, 'max', [2, 2]), 'average', [2, 2]));
    const { groups } = planActivations(builder.build([output]));
    expect(groups).toEqual([
      { id: 'input', values: ['input', 'max', 'average', 'flatten'], sources: ['input'], rounded: ['average'], fixed: undefined },
    ]);
  });

  it('lets the inputs of a concatenation share the range of its output', () => {
    const builder = new NetworkBuilder('concat');
    const input = builder.input([4]);
    const [a, b] = [builder.dense('a', input, { kernel }), builder.dense('b', input, { kernel })];
    const { groupOf } = planActivations(builder.build([builder.concat('concat', [a, b], 0)]));
    expect(groupOf.get('concat')).toMatchObject({ id: 'a', values: ['a', 'b', 'concat'], sources: ['a', 'b'] });
    expect(groupOf.get('input')?.values).toEqual(['input']);
  });

  it('keeps a prescribed input out of the concatenation, which then converts it', () => {
    const builder = new NetworkBuilder('concat');
    const input = builder.input([4]);
    const gate = builder.activation('gate', builder.dense('a', input, { kernel }), 'sigmoid');
    const { groupOf } = planActivations(builder.build([builder.concat('concat', [gate, builder.dense('b', input, { kernel })], 0)]));
    expect(groupOf.get('gate')).toMatchObject({ values: ['gate'], fixed: 'sigmoid' });
    expect(groupOf.get('concat')).toMatchObject({ values: ['b', 'concat'], sources: ['b', 'concat'] });
  });

  it('leaves the row numbers of an embedding alone', () => {
    const builder = new NetworkBuilder('embedding');
    const output = builder.embedding('embedding', builder.input([3]), { shape: [2, 2], data: new Float32Array(4) });
    expect([...planActivations(builder.build([output])).groupOf.keys()]).toEqual(['embedding']);
  });
});

describe('a quantized network', () => {
  const builder = new NetworkBuilder('dense');
  const network = builder.build([
    builder.dense('dense', builder.input([4]), { kernel, bias: { shape: [2], data: Float32Array.of(0, 0) } }),
  ]);
  const ranges = new Map([
    ['input', { minimum: -1, maximum: 1 }],
    ['dense', { minimum: 0, maximum: 10 }],
  ]);

  it('has one scale for a dense kernel, or one a channel when asked', () => {
    expect(quantizeNetwork({ network, ranges }).weights.get('dense/kernel')).toEqual({ scales: Float32Array.of(4 / 127), axis: undefined });
    expect(quantizeNetwork({ network, ranges, perChannelDense: true }).weights.get('dense/kernel')?.scales).toHaveLength(2);
  });

  it('keeps the scales of a trained integer grid', () => {
    const grid = { kind: 'integerGrid' as const, granularity: { kind: 'tensor' as const }, scales: Float32Array.of(0.05) };
    expect(
      quantizeNetwork({ network, ranges, constraints: new Map([['dense/kernel', [grid]]]) }).weights.get('dense/kernel')?.scales,
    ).toEqual(Float32Array.of(0.05));
  });

  it('says which value has no range', () => {
    expect(() => quantizeNetwork({ network, ranges: new Map() })).toThrow(/value "input": no range was calibrated/);
  });
});
