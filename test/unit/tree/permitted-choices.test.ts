import { describe, expect, it } from 'vitest';
import { permittedChoices } from '../../../src/core/tree/permitted-choices.ts';
import type { LayerChoice } from '../../../src/shared/layer-choices.ts';
import type { LayerRule } from '../../../src/shared/recipe/layer-rule.ts';

const bytes = { raw: 1, gzip: 1, packed: 1, ethosU: 1 };
const figures = { divergence: 0, measured: true, bytes, cycles: {} };
const all: readonly LayerChoice[] = [
  { sparsity: 0, clusters: 0, bits: 8 },
  { sparsity: 0.5, clusters: 0, bits: 8 },
  { sparsity: 0, clusters: 16, bits: 8 },
  { sparsity: 0.5, clusters: 16, bits: 8 },
  { sparsity: 0, clusters: 0, bits: 4 },
];
const layer = (name: string, choices = all) => ({
  layer: name,
  operation: 'conv2d',
  shape: [1, 1, 1, 4],
  elements: 4,
  macs: 4,
  fitted: true,
  choices: choices.map((choice) => ({ ...choice, ...figures })),
});
const report = { layers: [layer('first'), layer('second')] };

/** Of the first layer: zeros/values/bits of each. */
function left(rules: readonly LayerRule[], freeze: readonly string[] = [], given = report): readonly string[] {
  const [first] = permittedChoices(given, { rules, freeze }).layers;
  return (first?.choices ?? []).map(({ sparsity, clusters, bits }) => `${sparsity}/${clusters}/${bits}`);
}

describe('choices that a recipe permits', () => {
  it('are all of them, and the same report, without rules', () => {
    expect(permittedChoices(report, { rules: [], freeze: [] })).toBe(report);
    expect(left([{ pattern: 'second', exclude: ['pruning', 'clustering', '4-bit'] }])).toHaveLength(all.length);
    expect(left([{ pattern: 'first', activations: 'int16' }])).toHaveLength(all.length);
  });

  it('have no zeros, values or 4 bits where these are excluded', () => {
    expect(left([{ pattern: 'f*', exclude: ['pruning'] }])).toEqual(['0/0/8', '0/16/8', '0/0/4']);
    expect(left([{ pattern: 'f*', exclude: ['clustering'] }])).toEqual(['0/0/8', '0.5/0/8', '0/0/4']);
    expect(left([{ pattern: '*', exclude: ['4-bit'] }])).not.toContain('0/0/4');
    expect(left([], ['first'])).toEqual(['0/0/8', '0/0/4']);
  });

  it('are none of activations where a rule decides on these', () => {
    const wide = all.concat([8, 16].map((activations) => ({ sparsity: 0, clusters: 0, bits: 8, activations }) as LayerChoice));
    const given = { layers: [layer('first', wide)] };
    expect(left([{ pattern: 'other', activations: 'int8' }], [], given)).toHaveLength(wide.length);
    expect(left([{ pattern: 'first', activations: 'int8' }], [], given)).toHaveLength(all.length);
    expect(left([{ pattern: 'first', exclude: ['pruning'] }], ['first'], given)).toHaveLength(4);
  });

  it('have the bits of the last rule, where the layer can have them', () => {
    expect(left([{ pattern: '*', bits: 4 }])).toEqual(['0/0/4']);
    expect(
      left([
        { pattern: '*', bits: 4 },
        { pattern: 'first', bits: 8 },
      ]),
    ).not.toContain('0/0/4');
    const narrow = { layers: [layer('first', all.slice(0, 2))] };
    expect(left([{ pattern: '*', bits: 4 }], [], narrow)).toEqual(['0/0/8', '0.5/0/8']);
  });
});
