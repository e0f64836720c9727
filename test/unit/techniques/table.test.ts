/** What the table of techniques promises: nothing else lists techniques, and a control differs by what it inherits alone. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { quantizeTrained } from '../../../src/core/techniques/quantization-aware-training.ts';
import type { OptimizedModel } from '../../../src/core/techniques/technique.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { preservingTechnique, type TechniqueId, techniqueIds, techniqueRow } from '../../../src/shared/techniques.ts';
import { defaultNodes } from '../../../src/shared/tree-shape.ts';
import { apply } from '../../support/apply-technique.ts';
import { halves } from '../train/training-fixtures.ts';
import { briefly, kernelIds, techniqueContext, type TestContext, trainedModel } from './technique-fixtures.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the table of techniques', () => {
  it('is the only place that lists techniques, beside the record of their code and the words of recipes', () => {
    const mayName = ['src/shared/techniques.ts', 'src/core/techniques/index.ts', 'src/shared/recipe/technique-options.ts'];
    const listing = ['src', 'webview'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.posix.join(folder, file.replaceAll('\\', '/')))
        .filter((file) => !mayName.includes(file))
        .filter((file) => /'(pqat|cqat|pcqat|sparsity-preserving-clustering|sparsityPreservingClustering)'/.test(read(file))),
    );
    expect(listing).toEqual([]);
  });

  it('leaves no switch over techniques elsewhere', () => {
    const switching = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => /switch \((\w+\.)*technique\)/.test(read(path.join('src', file))));
    expect(switching).toEqual([]);
  });

  it('finds the technique that adds a constraint and keeps those in force', () => {
    expect(preservingTechnique('integerGrid', new Set(['sparsity']))).toBe('pqat');
    expect(preservingTechnique('integerGrid', new Set(['codebook', 'sparsity']))).toBe('pcqat');
    expect(preservingTechnique('codebook', new Set(['sparsity']))).toBe('sparsity-preserving-clustering');
    expect(preservingTechnique('sparsity', new Set(['codebook']))).toBeUndefined();
  });

  it('gives each technique a node in the tree that a recipe grows by default', () => {
    expect(Object.fromEntries(defaultNodes().map(({ technique, id }) => [technique, id]))).toEqual({
      pruning: 'pruned',
      clustering: 'clustered',
      'sparsity-preserving-clustering': 'pruned/clustered',
      ptq: 'ptq',
      ptq4: 'ptq4',
      qat: 'qat',
      pqat: 'pruned/pqat',
      cqat: 'clustered/cqat',
      pcqat: 'pruned/clustered/pcqat',
      'fine-tuning': 'fine-tuned',
    });
  });
});

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});

/** Every preserving technique with the plain one that adds the same. */
const pairs = techniqueIds.flatMap((preserving): (readonly [TechniqueId, TechniqueId])[] => {
  const row = techniqueRow(preserving);
  if (row.inherits === 'all' || row.inherits.length === 0 || row.adds === undefined) return [];
  const plain = preservingTechnique(row.adds, new Set());
  return plain === undefined ? [] : [[preserving, plain]];
});

describe.each(pairs)('%s and its plain control %s', (preserving, plain) => {
  function context(): TestContext {
    const base = techniqueContext(engine);
    return { ...base, parentTrained: true, data: { ...base.data, train: halves(100), validation: halves(50, 9) } };
  }

  function result({ network, constraints, ranges }: OptimizedModel): unknown {
    return { network, constraints, ranges };
  }

  // Without a learning rate, so that the default of each is taken.
  const defaults = { steps: briefly.steps, epochs: briefly.epochs, batchSize: briefly.batchSize };

  it('are the same training where there is nothing to inherit: learning rate, fall-back and schedule', async () => {
    const [a, b] = [context(), context()];
    const first = await apply(preserving, trainedModel(), a, defaults);
    const second = await apply(plain, trainedModel(), b, defaults);
    expect(result(first)).toEqual(result(second));
    expect(a.warnings).toEqual(b.warnings);
  });

  it('fall back alike where training makes validation worse', async () => {
    const [a, b] = [context(), context()];
    const ruinous = { steps: 6, batchSize: 16, learningRate: 2 };
    expect(result(await apply(preserving, trainedModel(), a, ruinous))).toEqual(result(await apply(plain, trainedModel(), b, ruinous)));
    expect(a.warnings).toEqual(b.warnings);
  });

  it('differ where there is something to inherit', async () => {
    const pruned = await apply('pruning', trainedModel(), context(), { ...briefly, structure: 'unstructured' });
    const start = await apply('clustering', pruned, context(), { ...briefly, clusters: 4 });
    const both: OptimizedModel = {
      ...start,
      constraints: new Map(kernelIds.map((id) => [id, [...(pruned.constraints.get(id) ?? []), ...(start.constraints.get(id) ?? [])]])),
    };
    // Fewer values than it has, for a clustering of a clustered model to do something.
    const options = { ...defaults, clusters: 3 };
    const kept = await apply(preserving, both, context(), options);
    const dropped = await apply(plain, both, context(), options);
    expect(kept.constraints).not.toEqual(dropped.constraints);
    if (techniqueRow(preserving).precision === 'int8') {
      const file = (model: OptimizedModel): Uint8Array =>
        writeTflite({ kind: 'integer', quantized: quantizeTrained(model), inputType: 'int8', outputType: 'int8' });
      expect(file(kept)).not.toEqual(file(dropped));
    }
  });
});
