import { describe, expect, it } from 'vitest';
import { shortTitle } from '../../../src/shared/drawing/technique-names.ts';
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
      ptq: 'Quantized model',
      qat: 'QAT',
      pruned: 'Pruned model',
      'pruned/ptq': 'Quantized model',
      'pruned/pqat': 'PQAT',
      'pruned/clustered': 'Clustered model',
      'pruned/clustered/pcqat': 'PCQAT',
      'clustered/cqat': 'CQAT',
    });
  });

  it('has the name of a variant', () => {
    const tree = planTree({ pruning: [{ name: '50' }, { name: 'half-of-it' }], qat: [{}, { name: 'long' }] });
    expect(titlesOf(tree)).toMatchObject({
      'pruned-50': 'Pruned model · 50',
      'pruned-half-of-it': 'Pruned model · half-of-it',
      'pruned-50/pqat': 'PQAT',
      qat: 'QAT',
      'qat-long': 'QAT · long',
    });
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
