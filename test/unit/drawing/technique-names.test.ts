import { describe, expect, it } from 'vitest';
import { nodeTitle, shortTitle } from '../../../src/shared/drawing/technique-names.ts';
import { flattenTree } from '../../../src/shared/tree.ts';
import { nodeTitles, techniqueTitles } from '../../../src/shared/tree-shape.ts';
import { planTree } from '../../../src/core/tree/deployment-tree.ts';

const inEnglish = (text: string): string => text;

function titlesOf(tree: ReturnType<typeof planTree>): Readonly<Record<string, string>> {
  return Object.fromEntries(flattenTree(tree.root).map(({ node }) => [node.id, shortTitle(node, inEnglish)]));
}

describe('the short title of a node', () => {
  it('leaves out what its place in the tree says', () => {
    expect(titlesOf(planTree())).toMatchObject({
      baseline: 'Trained model',
      ptq: 'Quantized',
      qat: 'QAT',
      pruned: 'Pruned',
      'pruned/ptq': 'Quantized',
      'pruned/pqat': 'PQAT',
      'pruned/clustered': 'Clustered',
      'pruned/clustered/pcqat': 'PCQAT',
      'clustered/cqat': 'CQAT',
    });
  });

  it('has the variants that it comes from: their names, and of those without one what they do', () => {
    const tree = planTree({
      pruning: [{ sparsity: 0.5 }, { name: '75', sparsity: 0.75 }, { name: 'half-of-it' }],
      sparsityPreservingClustering: [{}, { name: 'few', clusters: 8 }],
      qat: [{}, { name: 'long' }],
    });
    expect(titlesOf(tree)).toMatchObject({
      pruned: 'Pruned · 50%',
      'pruned-75': 'Pruned · 75%',
      'pruned-half-of-it': 'Pruned · half-of-it',
      'pruned/pqat': 'PQAT · 50%',
      'pruned-75/clustered/pcqat': 'PCQAT · 75% · 16',
      'pruned-75/clustered-few/pcqat': 'PCQAT · 75% · few',
      qat: 'QAT',
      'qat-long': 'QAT · long',
    });
  });

  it('is never that of another node where there are variants', () => {
    const { root } = planTree({ pruning: [{}, { name: '75', sparsity: 0.75 }], clustering: [{}, { name: '8', clusters: 8 }] });
    const titles = flattenTree(root).map(({ node }) => node.title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('is translated without its variants', () => {
    const shown = nodeTitle('QAT pruned, clustered model · 50% · 16', (text) => (text === 'QAT pruned, clustered model' ? '译文' : text));
    expect(shown).toBe('译文 · 50% · 16');
  });

  it('is the whole title of a control', () => {
    expect(titlesOf(planTree({}, { controls: true }))).toMatchObject({
      'fine-tuned': 'Fine-tuned model (float control)',
      'pruned/plain-qat': 'QAT of the pruned model (plain control)',
    });
  });

  it('is made of texts that are translated', () => {
    const asked = new Set<string>();
    const tree = planTree({ ptq4: {} }, { controls: true });
    for (const { node } of flattenTree(tree.root)) shortTitle(node, (text) => (asked.add(text), text));
    const translated = new Set([...nodeTitles(), ...techniqueTitles()]);
    expect([...asked].filter((text) => !translated.has(text))).toEqual([]);
  });
});
