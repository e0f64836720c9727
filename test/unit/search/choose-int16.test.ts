import { describe, expect, it } from 'vitest';
import { allocateLayers } from '../../../src/core/search/allocate-layers.ts';
import { candidatePath } from '../../../src/core/search/candidate-path.ts';
import { formOf } from '../../../src/core/search/candidate.ts';
import { type FieldBasis, planCandidate } from '../../../src/core/search/candidates.ts';
import { type Int16CostOf, int16Gains, leastInt16Gain } from '../../../src/core/search/choose-int16.ts';
import { styles } from '../../../src/core/search/styles.ts';
import type { ChoiceSensitivity, LayerSensitivity } from '../../../src/shared/sensitivity.ts';

const overhead = { raw: 100, gzip: 100, packed: 100, ethosU: 0 };

function choice(bytes: number, divergence: number, other: Partial<ChoiceSensitivity> = {}): ChoiceSensitivity {
  const sizes = { raw: 100, gzip: bytes, packed: bytes, ethosU: bytes };
  return { sparsity: 0, clusters: 0, bits: 8, divergence, measured: true, bytes: sizes, cycles: {}, ...other };
}

/** 100 bytes, or 50 with 16 values, which lose 0.02. */
function layer(name: string, int8: number, int16: number): LayerSensitivity {
  const activations = [choice(100, int8, { activations: 8 }), choice(100, int16, { activations: 16 })];
  const choices = [choice(100, 0), choice(50, 0.02, { clusters: 16 }), ...activations];
  return { layer: name, operation: 'dense', shape: [1, 100], elements: 100, macs: 100, fitted: true, choices };
}

// Gains of 0.05, 0.005, 0 and 0.03.
const layers = [layer('conv', 0.051, 0.001), layer('middle', 0.006, 0.001), layer('other', 0.001, 0.002), layer('dense', 0.03, 0)];
const report = { overhead, layers };
const [style] = styles;
if (style === undefined) throw new Error('there is no style');

const named = (gzip: number, leastGain = 0) =>
  int16Gains(report, allocateLayers(report, { sizes: [{ count: 'gzip', bytes: gzip }] })!, leastGain).map((each) => each.layer);

describe('layers for which int16 activations are worth it', () => {
  it('gain a tenth of what the file loses, the first one most', () => {
    // 0.085 in all by activations, of which 0.0085 is a tenth.
    expect(named(500)).toEqual(['conv', 'dense']);
    // With 16 values in every layer 0.165: a tenth is 0.0165.
    expect(named(300)).toEqual(['conv', 'dense']);
    const coarse = { ...report, layers: [...layers, { ...layer('last', 0, 0), choices: [choice(100, 0.3)] }] };
    // With 0.385 only the first gains a tenth.
    expect(int16Gains(coarse, allocateLayers(coarse, { sizes: [{ count: 'gzip', bytes: 600 }] })!, 0).map((each) => each.layer)).toEqual([
      'conv',
    ]);
  });

  it('move probabilities by more than the loss that is allowed', () => {
    // A loss of 0.15: sqrt(0.045 / 2) = 0.15.
    expect(leastInt16Gain(0.15)).toBeCloseTo(0.045, 12);
    expect(named(500, leastInt16Gain(0.15))).toEqual(['conv']);
  });

  it('are none with 4-bit weights, and none whose activations were not measured', () => {
    const narrow = {
      ...report,
      layers: layers.map((each) => ({ ...each, choices: [choice(50, 0, { bits: 4 }), ...each.choices.slice(2)] })),
    };
    expect(int16Gains(narrow, allocateLayers(narrow, { sizes: [{ count: 'gzip', bytes: 500 }] })!, 0)).toEqual([]);
    const unknown = { ...report, layers: layers.map((each) => ({ ...each, choices: each.choices.slice(0, 2) })) };
    expect(int16Gains(unknown, allocateLayers(unknown, { sizes: [{ count: 'gzip', bytes: 500 }] })!, 0)).toEqual([]);
  });
});

describe('a candidate', () => {
  const basis = (given: Partial<FieldBasis>, bytes = 20): FieldBasis => ({
    report,
    narrow: () => new Map(),
    int16: { costOf: (wide) => ({ layers: wide, bytes: { raw: bytes, gzip: bytes, packed: bytes, ethosU: 0 } }), leastGain: 0 },
    ...given,
  });
  const planned = (given: FieldBasis, gzip: number) => planCandidate(given, [{ count: 'gzip', bytes: gzip }], style)!;

  it('has int16 activations in the rules of its last stage', () => {
    const candidate = planned(basis({}), 600);
    expect(candidate.allocation.sizes.gzip).toBe(520);
    expect(candidatePath(candidate, 600, {}).techniques.qat).toMatchObject({
      layers: [
        { pattern: 'conv', activations: 'int16' },
        { pattern: 'dense', activations: 'int16' },
      ],
    });
    expect(formOf(planned(basis({ int16: undefined }), 600).allocation).int16).toEqual([]);
  });

  it('has them where weights lose less by the bytes that they take', () => {
    // 500 of 510 bytes, so that two layers take 16 values for 100 bytes more: 0.04 lost, 0.08 gained.
    const candidate = planned(basis({}, 100), 510 / 0.98);
    expect(candidate.allocation.divergence).toBeCloseTo(0.04, 12);
    expect(formOf(candidate.allocation).int16).toEqual(['conv', 'dense']);
    // For 200 more all four: 0.08 lost, which is no gain.
    expect(formOf(planned(basis({}, 200), 510 / 0.98).allocation).int16).toEqual([]);
  });

  it('has them in as many layers as the limits of a device let it', () => {
    const keeps: FieldBasis['keeps'] = ({ int16 }) => int16.length < 2;
    expect(formOf(planned(basis({ keeps }), 600).allocation).int16).toEqual(['conv']);
    expect(formOf(planned(basis({ keeps: ({ int16 }) => int16.length === 0 }), 600).allocation).int16).toEqual([]);
  });

  it('is not planned again for layers that the limits of a device leave at int8', () => {
    let plans = 0;
    const narrow: FieldBasis['narrow'] = () => {
      plans++;
      return new Map();
    };
    const plan = (keeps: FieldBasis['keeps']) => {
      plans = 0;
      planCandidate(basis({ keeps, narrow }), [{ count: 'gzip', bytes: 600 }], { ...style, narrowing: 1 / 3 });
      return plans;
    };
    expect(plan(({ int16 }) => int16.length === 0)).toBe(1);
    expect(plan(() => true)).toBe(2);
  });

  it('has none in a layer whose neighbour gets 4 bits for the bytes that they take', () => {
    const [conv, , , dense] = layers;
    if (conv === undefined || dense === undefined) throw new Error('there is no layer');
    const pair = [
      { ...conv, choices: conv.choices.filter(({ clusters }) => clusters === 0) },
      { ...dense, choices: dense.choices.map((each) => (each.clusters === 0 ? each : { ...each, clusters: 0, bits: 4 as const })) },
    ];
    const costOf: Int16CostOf = (wide) => ({ layers: wide.length < 2 ? [] : wide, bytes: { raw: 50, gzip: 50, packed: 50, ethosU: 0 } });
    const given = basis({ report: { overhead, layers: pair }, int16: { costOf, leastGain: 0 } });
    // 300 bytes of 305 with int8, and with int16 of both 350, but for 4 bits of one: without it the other reads and writes int8.
    expect(formOf(planned(given, 305 / 0.98).allocation).int16).toEqual([]);
    expect(formOf(planned(given, 400 / 0.98).allocation).int16).toEqual(['conv', 'dense']);
  });

  it('has none where neighbours undo them', () => {
    const costOf = () => ({ layers: [], bytes: { raw: 0, gzip: 0, packed: 0, ethosU: 0 } });
    expect(formOf(planned(basis({ int16: { costOf, leastGain: 0 } }), 600).allocation).int16).toEqual([]);
  });
});
