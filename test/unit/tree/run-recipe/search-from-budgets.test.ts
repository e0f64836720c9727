import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SearchBasis, SearchSupport } from '../../../../src/core/tree/search-support.ts';
import type { StageRequest } from '../../../../src/core/tree/stages/stage-runner.ts';
import type { ParetoSearch } from '../../../../src/shared/recipe/targets.ts';
import type { ChoiceSensitivity } from '../../../../src/shared/sensitivity.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeOutcome, run } from './fake-stages.ts';

/** One dense layer of 1,000 bytes, in a file of 100 more. */
const basis: SearchBasis = {
  sensitivity: {
    divergence: 'KL divergence',
    examples: 10,
    engine: 'fake',
    overhead: { raw: 100, gzip: 100, packed: 100, ethosU: 0 },
    layers: [
      {
        layer: 'dense',
        operation: 'dense',
        shape: [1, 1000],
        elements: 1000,
        macs: 1000,
        fitted: true,
        choices: [0, 0.5, 0.9].flatMap((sparsity) => [0, 16, 8].map((clusters) => choice(sparsity, clusters))),
      },
    ],
  },
  stepSeconds: 0.01,
  baselineError: 0.05,
  chanceError: 0.9,
  validationExamples: 500,
};

function choice(sparsity: number, clusters: number): ChoiceSensitivity {
  const bytes = 1000 * (1 - sparsity) * (clusters === 0 ? 1 : clusters / 32);
  return {
    sparsity,
    clusters,
    bits: 8,
    divergence: sparsity ** 2 + (clusters === 0 ? 0 : 1 / clusters),
    measured: true,
    bytes: { raw: 1000, gzip: bytes, packed: bytes, ethosU: bytes },
    cycles: {},
  };
}

interface Case {
  readonly folder?: string;
  readonly run?: string;
  readonly search?: Partial<ParetoSearch>;
  readonly basis?: Partial<SearchBasis>;
  /** Bytes of the files; by default 300. */
  readonly size?: (request: StageRequest) => number;
  /** By the name of a leaf. */
  readonly error?: (file: string) => number;
  readonly ram?: number;
  /** Bytes that an Ethos-U reads of any file; 0 where it runs no layer. */
  readonly ethosU?: number;
}

function supportOf(folder: string, { basis: other = {}, error = () => 0.1, ram = 1000, ethosU }: Case): SearchSupport {
  return {
    recipe: { seed: 3 },
    folder,
    model: {
      name: 'net',
      path: path.join(folder, 'net.h5'),
      data: { format: 'generated', set: 'digits' },
      dataFolder: folder,
      inputShapes: undefined,
    },
    threads: 2,
    basis: () => Promise.resolve({ ...basis, ...other }),
    narrowing: () => Promise.resolve(() => new Map()),
    hardware: () => Promise.resolve({ ramBytes: ram, flashBytes: 10, macs: 10, ethosUBytes: ethosU }),
    validationError: (tflite) => Promise.resolve(error(new TextDecoder().decode(tflite))),
  };
}

function search(given: Case) {
  const { folder = temporaryFolder(), run: name = 'run', search: options = {}, size = () => 300, ethosU } = given;
  const figures = { ramBytes: 1000, flashBytes: 10, macs: 10, ethosUBytes: ethosU };
  return run({
    folder,
    run: name,
    search: supportOf(folder, given),
    walk: {
      pareto: { kind: 'pareto', steps: 16 * 600, budgets: [{ compressedBytes: 400, accuracyDrop: 0.2 }], ...options },
      profile: () => Promise.resolve({ profile: undefined, figures, warnings: [] }),
    },
    stage: (request) => fakeOutcome(request, { sizes: { raw: 1100, gzip: size(request), zip: 0 } }),
  });
}

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
    expect(outcome.chosen).toEqual([0, 1].map((budget) => ({ model: 'net', budget, node: expect.stringContaining(`-${budget + 1}`) })));
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

  it.each<[string, Case, string]>([
    ['a budget below the overhead', { search: { budgets: [{ compressedBytes: 90 }] } }, 'without its kernels it takes about 100'],
    [
      'a budget below the strongest settings',
      { search: { budgets: [{ compressedBytes: 110 }] } },
      'with the strongest setting of every layer it takes about 125',
    ],
    [
      'kernels below the strongest settings',
      // 10% of the weights with 8 values: 1000 * 0.1 / 4.
      { ethosU: 1000, search: { budgets: [{ ethosUBytes: 20 }] } },
      'kernels of 20 bytes for an Ethos-U are not possible: with the strongest setting of every layer they take about 25; the nearest',
    ],
    ['a model that no Ethos-U runs', { ethosU: 0, search: { budgets: [{ ethosUBytes: 400 }] } }, 'an Ethos-U runs no layer of this model'],
    [
      'a plain file that needs 4 bits beside an Ethos-U that lacks them',
      { ethosU: 1000, search: { budgets: [{ ethosUBytes: 400, fileBytes: 1050 }] } },
      '"fileBytes" of 1050 needs 4-bit weights',
    ],
    ['too few steps', { search: { steps: 100 } }, 'give at least 600 steps'],
    [
      'too few steps for several budgets',
      { search: { steps: 1000, budgets: [{ compressedBytes: 400 }, { compressedBytes: 500 }] } },
      'give at least 1200 steps',
    ],
    [
      'less memory than the model needs',
      { search: { budgets: [{ compressedBytes: 400, ramBytes: 500 }] } },
      'an int8 file of this model with all of its filters takes 1000',
    ],
    ['a model at chance', { basis: { baselineError: 0.89 } }, 'near chance'],
  ])('answers %s before anything trains', async (_, given, message) => {
    await expect(search(given)).rejects.toThrow(message);
  });

  it('takes minutes by the time of a step', async () => {
    // 6 seconds at 10 ms a step, of which 70% train: 420 steps are fewer than 600.
    await expect(
      run({
        search: supportOf(temporaryFolder(), {}),
        walk: { pareto: { kind: 'pareto', minutes: 0.1, budgets: [{ compressedBytes: 400 }] } },
      }),
    ).rejects.toThrow('give at least 1 minutes');
  });

  it('has a recipe with every field that decides the file', async () => {
    const { folder } = await search({});
    const text = readFileSync(path.join(folder, 'run/recommended/net-budget-1.espalier.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ models: [{ name: 'net' }], data: { format: 'generated', set: 'digits' } });
  });
});
