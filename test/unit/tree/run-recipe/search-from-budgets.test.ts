import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from './fake-stages.ts';
import { basis, plainRecipe, search } from './search-fixtures.ts';

describe('a search from budgets', () => {
  it('trains a field for a short time, the better half longer, and the best longest', async () => {
    // Candidates of style b validate better; test accuracies are all alike.
    const { made, outcome, folder, events } = await search({ error: (file) => (file.includes('-1b-') ? 0.06 : 0.1) });
    expect(made.filter((node) => /^(pruned|clustered)-1[a-h]-600$/.test(node))).toHaveLength(4);
    expect(made.filter((node) => /-1[a-h]-1200$/.test(node))).toHaveLength(2);
    const last = made.filter((node) => /-1[a-h]-4800$/.test(node));
    expect(last).toHaveLength(1);
    expect(last[0]).toMatch(/-1b-4800$/);
    expect(outcome).toMatchObject({ outcome: 'done' });
    expect(outcome.reason).toContain('budget 1');
    // Every tree that grew holds what stood before.
    const grown = events.flatMap((event) => (event.type === 'tree-grown' ? [event.tree.children.length] : []));
    expect(grown).toEqual([4, 6, 7]);
    const recipe: unknown = JSON.parse(readFileSync(path.join(folder, 'run/recommended/net-budget-1.espalier.json'), 'utf8'));
    expect(recipe).toMatchObject({ nodes: [expect.not.stringContaining('1b')], seed: 3, engine: { threads: 2 } });
    const file = readFileSync(path.join(folder, 'run/recommended/net-budget-1.tflite'), 'utf8');
    expect(file).toContain('1b');
  });

  it('chooses by validation examples, whatever the test examples say', async () => {
    const { folder } = await search({
      error: (file) => (file.includes('-1a-') ? 0.01 : 0.5),
      size: () => 300,
    });
    expect(readFileSync(path.join(folder, 'run/recommended/net-budget-1.tflite'), 'utf8')).toContain('-1a-');
  });

  it('gives the same files from the cache, and trains nothing again', async () => {
    const first = await search({});
    const second = await search({ folder: first.folder, run: 'again' });
    expect(second.made).toEqual([]);
    for (const file of ['net-budget-1.tflite', 'net-budget-1.espalier.json'])
      expect(readFileSync(path.join(first.folder, 'again/recommended', file))).toEqual(
        readFileSync(path.join(first.folder, 'run/recommended', file)),
      );
  });

  it('corrects the settings by the sizes that files came out with', async () => {
    // Files take half as much again as they are estimated: the next round and a repair go for fewer bytes.
    const sparsities: number[] = [];
    const { outcome } = await search({
      size: ({ stage }) => {
        const rules = 'options' in stage ? (stage.options.layers ?? []) : [];
        for (const { sparsity } of rules) if (sparsity !== undefined) sparsities.push(sparsity);
        return 1.5 * 400;
      },
    });
    expect(Math.max(...sparsities)).toBeGreaterThan(Math.min(...sparsities));
    expect(outcome.outcome).toBe('targets-missed');
    expect(outcome.reason).toContain('no file keeps it; the nearest is');
  });

  it('corrects the settings by the size that decided, where a budget has two', async () => {
    // Kernels for an Ethos-U take half as much again as they are estimated; gzip is far below its limit.
    const zeros = new Map<string, number>();
    await search({
      ethosU: 600,
      error: (file) => (file.includes('-1a-') ? 0.01 : 0.5),
      search: { budgets: [{ compressedBytes: 4000, ethosUBytes: 400 }] },
      size: ({ node, stage }) => {
        const rules = 'options' in stage ? (stage.options.layers ?? []) : [];
        const sum = rules.reduce((total, { sparsity = 0 }) => total + sparsity, 0);
        if (node.id.startsWith('pruned-')) zeros.set(node.id, sum);
        return 300;
      },
    });
    expect(zeros.get('pruned-1a-4800')).toBeGreaterThan(zeros.get('pruned-1a-600') ?? 0);
  });

  it('gives a file for each of several budgets', async () => {
    const { folder, outcome } = await search({
      search: { steps: 2 * 16 * 600, budgets: [{ compressedBytes: 350 }, { compressedBytes: 700 }] },
    });
    expect(outcome.outcome).toBe('done');
    // Files of one error keep both budgets here: those that trained longest are recommended.
    expect(outcome.chosen).toEqual([0, 1].map((budget) => ({ model: 'net', budget, node: expect.stringContaining('-4800') })));
    for (const place of [1, 2]) expect(existsSync(path.join(folder, `run/recommended/net-budget-${place}.tflite`))).toBe(true);
  });

  it('keeps a budget in bytes of an Ethos-U, or says that no file does', async () => {
    const budgets = [{ ethosUBytes: 400 }];
    const kept = await search({ ethosU: 390, search: { budgets } });
    expect(kept.outcome.outcome).toBe('done');
    expect(kept.outcome.reason).toContain('Ethos-U size 390 bytes within 400 bytes');
    const missed = await search({ ethosU: 410, search: { budgets } });
    expect(missed.outcome.outcome).toBe('targets-missed');
    expect(missed.outcome.reason).toContain('no file keeps it; the nearest is');
    expect(missed.outcome.reason).toContain('Ethos-U size 410 bytes above 400 bytes');
  });

  it('has a recipe with every field that decides the file', async () => {
    const { folder } = await search({});
    const text = readFileSync(path.join(folder, 'run/recommended/net-budget-1.espalier.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ models: [{ name: 'net' }], data: { format: 'generated', set: 'digits' } });
  });

  it('goes for less flash than the plain file takes where packing saves it', async () => {
    // Packed kernels take 25 of 1,000 bytes at least.
    const given = {
      flash: 3000,
      search: { budgets: [{ compressedBytes: 400, flashBytes: 2500 }] },
      recipe: { deploy: { pack: 'small' } },
    } as const;
    const { made } = await search(given);
    expect(made.length).toBeGreaterThan(1);
  });

  it('goes for less flash than the plain file takes where a rule gives all layers 4 bits', async () => {
    const [layer] = basis.sensitivity.layers;
    const [whole] = layer?.choices ?? [];
    if (layer === undefined || whole === undefined) throw new Error('the basis has no choice');
    const bytes = { raw: 500, gzip: 500, packed: 500, ethosU: Infinity };
    const choices = [whole, { ...whole, bits: 4 as const, divergence: 0.1, bytes }];
    const { made } = await search({
      basis: { sensitivity: { ...basis.sensitivity, layers: [{ ...layer, choices }] } },
      flash: 3000,
      // 500 of 3,000 bytes less.
      search: { budgets: [{ compressedBytes: 700, flashBytes: 2500 }] },
      recipe: { layers: [{ pattern: '*', bits: 4 }] },
    });
    expect(made.length).toBeGreaterThan(1);
  });

  it('has a plain recipe whose stages are those of the search, with the rules of its own recipe', async () => {
    const layers = [{ pattern: 'dense', activations: 'int16' }] as const;
    const { folder } = await search({ recipe: { layers } });
    const plain = plainRecipe(folder);
    expect(plain.layers).toEqual(layers);
    // Every result is found by its key, which holds all that a stage depends on.
    const again = await run({ folder, run: 'plain', techniques: plain.techniques, walk: { rules: plain.layers ?? [] } });
    expect(again.made).toEqual([]);
    expect(again.finished.map(({ node }) => node)).toContain(plain.nodes?.[0]);
    const without = await run({ folder, run: 'without', techniques: plain.techniques });
    expect(without.made).toEqual(plain.nodes);
  });

  it('leaves layers alone that its recipe excludes', async () => {
    const { made, outcome } = await search({ recipe: { layers: [{ pattern: 'den*', exclude: ['pruning'] }] } });
    expect(outcome.outcome).toBe('done');
    expect(made.some((node) => node.startsWith('clustered-'))).toBe(true);
    expect(made.some((node) => node.startsWith('pruned'))).toBe(false);
    await expect(search({ recipe: { training: { freeze: ['*'] } } })).rejects.toThrow('no layer may change, so it takes about 1100');
  });
});
